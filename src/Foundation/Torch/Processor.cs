namespace Rlhf.Foundation.Torch;

/// <summary>What this machine's processor can do, as far as .NET does not say it.</summary>
public static class Processor
{
    private static readonly Lazy<HashSet<string>> s_flags = new(() =>
        [.. File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [] : []]);

    /// <summary>Whether libtorch multiplies bfloat16 with instructions of its own, faster than float32.</summary>
    public static bool MultipliesBFloat16 => s_flags.Value.Contains("avx512_bf16") || s_flags.Value.Contains("amx_bf16");
}
