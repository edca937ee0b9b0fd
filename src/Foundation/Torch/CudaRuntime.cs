using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Torch;

/// <summary>The CUDA runtime that libtorch loaded: its version stands in its name, so the process's own memory map tells which.</summary>
internal static class CudaRuntime
{
    private static readonly Lazy<nint> s_library = new(Find);

    /// <summary>The address of one of its functions; null where there is none.</summary>
    public static nint? Function(string name) => s_library.Value != 0 && NativeLibrary.TryGetExport(s_library.Value, name, out var function) ? function : null;

    private static nint Find()
    {
        var path = File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .FirstOrDefault(path => Path.GetFileName(path).StartsWith("libcudart", StringComparison.Ordinal));
        return path is not null && NativeLibrary.TryLoad(path, out var library) ? library : 0;
    }
}
