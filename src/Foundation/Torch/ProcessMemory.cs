using System.Globalization;

namespace Rlhf.Foundation.Torch;

/// <summary>Resident memory of this process, from the kernel's own counters.</summary>
internal static class ProcessMemory
{
    private const string Status = "/proc/self/status", Peak = "/proc/self/clear_refs";

    public static DeviceMemory Read()
    {
        if (!File.Exists(Status)) return new DeviceMemory(Environment.WorkingSet, Environment.WorkingSet, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        long resident = 0, peak = 0;
        foreach (var line in File.ReadLines(Status))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal)) resident = Kilobytes(line);
            else if (line.StartsWith("VmHWM:", StringComparison.Ordinal)) peak = Kilobytes(line);
        }

        return new DeviceMemory(resident, peak, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
    }

    /// <summary>Starts the peak anew, where the kernel lets a process do that.</summary>
    public static void ResetPeak()
    {
        try
        {
            if (File.Exists(Peak)) File.WriteAllText(Peak, "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without that right the peak is the one since the process began, which is still true.
        }
    }

    private static long Kilobytes(string line) => 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}

/// <summary>Bytes in use on a device, and the most there ever were since the peak was reset.</summary>
internal readonly record struct DeviceMemory(long Allocated, long Peak, long Total)
{
    /// <summary>Of the device's own memory: the process's on a CPU, the card's on a GPU.</summary>
    public static DeviceMemory Of(TorchSharp.torch.Device device) => device.type == TorchSharp.DeviceType.CUDA ? CudaDevice.Memory() : ProcessMemory.Read();
}
