using System.Runtime.InteropServices;
using Rlhf.Foundation.Torch;

namespace Rlhf.TestSupport;

/// <summary>
/// Resident memory that something in this process uses. What the allocator keeps of freed memory goes back to the system first: it
/// would look like growth where it has holes that nothing fits into, and hide growth where there is enough of it.
/// </summary>
internal static partial class HeldMemory
{
    public static long Read()
    {
        _ = Trim(0);
        return ProcessMemory.Read().Allocated;
    }

    /// <summary>The same without what only waits for the garbage collector.</summary>
    public static long AfterCollection()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Read();
    }

    /// <summary>The most that work takes beyond what is there before.</summary>
    public static long Peak(Action work)
    {
        var before = AfterCollection();
        ProcessMemory.ResetPeak();
        work();
        return ProcessMemory.Read().Peak - before;
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
