using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Tests.Fused;

/// <summary>Processors with fewer instructions than this one, as the runtime can play them: what kernels choose at start changes with them.</summary>
public sealed class NarrowerProcessorTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512", 256)]
    [InlineData("DOTNET_EnableAVX", 128)]
    public void TrunkTests_OnAProcessorWithoutTheseInstructions_PassAsWell(string switchedOff, int bits)
    {
        Assert.SkipUnless(Vector256.IsHardwareAccelerated && (bits == 128 || Vector512.IsHardwareAccelerated), "this processor does without them anyway");
        // As this process was started: by dotnet, or as a program of its own where it was published.
        var program = Environment.ProcessPath!;
        string[] assembly = Path.GetFileName(program) == "dotnet" ? [typeof(NarrowerProcessorTests).Assembly.Location] : [];
        var start = new ProcessStartInfo(program, [.. assembly, "-noLogo", "-noColor", "-class", typeof(TrunkTests).FullName!, "-class", typeof(Widths).FullName!, "-explicit", "on"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[switchedOff] = "0";
        start.Environment["RLHF_TEST_VECTOR_BITS"] = $"{bits}";
        using var other = Process.Start(start)!;
        var output = other.StandardOutput.ReadToEnd();
        other.WaitForExit();

        Assert.True(other.ExitCode == 0, output);
        // What is of bfloat16 wants AVX-512.
        Assert.Contains($"Failed: 0, Skipped: {TrunkTests.Cases.Count + 1},", output, StringComparison.Ordinal);
    }

    /// <summary>What the other process sees.</summary>
    public sealed class Widths
    {
        [Fact(Explicit = true)]
        public void Vectors_AreAsWideAsTheTestSays() =>
            Assert.Equal(Environment.GetEnvironmentVariable("RLHF_TEST_VECTOR_BITS"), Vector512.IsHardwareAccelerated ? "512" : Vector256.IsHardwareAccelerated ? "256" : "128");
    }
}
