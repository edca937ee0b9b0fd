using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Torch;

/// <summary>glibc's allocator, which libtorch takes its tensors from on a CPU.</summary>
internal static partial class NativeAllocator
{
    private const int TrimThreshold = -1, TopPad = -2, MapThreshold = -3;
    private const int Mebibyte = 1 << 20;

    /// <summary>
    /// A training step takes and frees the same megabytes again and again; each page that goes back to the system is zeroed
    /// anew when it returns. What the environment says comes first.
    /// </summary>
    public static void KeepFreedMemory()
    {
        if (!OperatingSystem.IsLinux()) return;
        if (!IsSet("MALLOC_MMAP_THRESHOLD_")) _ = Set(MapThreshold, 32 * Mebibyte); // the most it takes
        if (!IsSet("MALLOC_TRIM_THRESHOLD_")) _ = Set(TrimThreshold, 1024 * Mebibyte);
        if (!IsSet("MALLOC_TOP_PAD_")) _ = Set(TopPad, 16 * Mebibyte);
    }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Set(int parameter, int value);
}
