using System.Text.Json;

namespace Rlhf.Policies.Tests;

/// <summary>Runs tests/Policy.Tests/python/peer.py; skips the test where no python3 has torch.</summary>
internal static class PythonTorch
{
    private static readonly Lazy<string?> Python = new(() =>
        Array.Find(["/usr/bin/python3", "python3"], python => OtherProgram.Run(python, ["-c", "import torch, numpy"]) is { ExitCode: 0 }));

    public static JsonElement Peer(params string[] arguments)
    {
        Assert.SkipWhen(Python.Value is null, "no python3 with torch and numpy");
        var run = OtherProgram.Run(Python.Value!, [Path.Combine(TestData.Repository, "tests", "Policy.Tests", "python", "peer.py"), .. arguments])!;
        Assert.True(run.ExitCode == 0, run.Errors);
        return JsonSerializer.Deserialize<JsonElement>(run.Output);
    }
}
