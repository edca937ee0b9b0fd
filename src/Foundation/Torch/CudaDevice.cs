using System.Runtime.InteropServices;
using System.Text;

namespace Rlhf.Foundation.Torch;

/// <summary>What NVIDIA's libraries say of a GPU, through the copies of them that libtorch has loaded.</summary>
internal static unsafe class CudaDevice
{
    /// <summary>Its name; null where the driver does not tell.</summary>
    public static string? Name(int index)
    {
        if (!NativeLibrary.TryLoad("libcuda.so.1", out var driver) || !NativeLibrary.TryGetExport(driver, "cuDeviceGetName", out var function)) return null;
        var name = stackalloc byte[256];
        return ((delegate* unmanaged<byte*, int, int, int>)function)(name, 256, index) == 0 ? Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)) : null;
    }

    /// <summary>Makes it the one that this process works on.</summary>
    public static void Use(int index)
    {
        if (CudaRuntime.Function("cudaSetDevice") is { } function) _ = ((delegate* unmanaged<int, int>)function)(index);
    }

    /// <summary>
    /// Bytes in use on the card that this process works on, by all that run there; libtorch keeps what it freed, so they are this process's peak where it is alone.
    /// </summary>
    public static DeviceMemory Memory()
    {
        nuint free, total;
        if (CudaRuntime.Function("cudaMemGetInfo") is not { } function || ((delegate* unmanaged<nuint*, nuint*, int>)function)(&free, &total) != 0) return default;
        return new DeviceMemory((long)(total - free), (long)(total - free), (long)total);
    }
}
