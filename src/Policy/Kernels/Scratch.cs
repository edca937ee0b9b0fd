namespace Rlhf.Policies.Kernels;

/// <summary>Memory of a thread for what a kernel holds for the length of a call; it grows to what was wanted at most.</summary>
internal static unsafe class Scratch
{
    private const long Least = 1 << 16;

    [ThreadStatic]
    private static NativeBuffer? t_memory;

    /// <summary>So many numbers, not set to anything; valid until the thread takes some again.</summary>
    public static float* Take(long count)
    {
        if (t_memory is null || t_memory.Count < count)
        {
            t_memory?.Dispose();
            t_memory = new NativeBuffer(Math.Max(Least, count + count / 2));
        }

        return t_memory.Data;
    }
}
