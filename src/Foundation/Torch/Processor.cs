using System.Runtime.Intrinsics;

namespace Rlhf.Foundation.Torch;

/// <summary>What this machine's processor can do, as far as .NET does not say it.</summary>
internal static class Processor
{
    private static readonly Lazy<HashSet<string>> s_flags = new(() => [.. Field("flags")?.Split(' ') ?? []]);

    /// <summary>Its maker's name for it.</summary>
    public static string Model => Field("model name") ?? "unknown";

    /// <summary>The widest vectors that code of ours is compiled to; sums are taken in another order with others.</summary>
    public static string Vectors => Vector512.IsHardwareAccelerated ? "512 bits" : Vector256.IsHardwareAccelerated ? "256 bits" : Vector128.IsHardwareAccelerated ? "128 bits" : "none";

    /// <summary>Whether libtorch multiplies bfloat16 with instructions of its own, faster than float32.</summary>
    public static bool MultipliesBFloat16 => s_flags.Value.Contains("avx512_bf16") || s_flags.Value.Contains("amx_bf16");

    private static string? Field(string name) =>
        File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() : null;
}
