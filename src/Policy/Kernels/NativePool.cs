namespace Rlhf.Policies.Kernels;

/// <summary>
/// Large memory of passes between their uses. A training step wants the same amounts again and again, and each page that comes from
/// the system anew is filled with zeros first.
/// </summary>
internal static class NativePool
{
    // As many as models and their passes take turns with.
    private const int Kept = 8;

    private static readonly Lock s_gate = new();
    private static readonly List<NativeBuffer> s_free = [];

    /// <summary>At least so many numbers, not set to anything.</summary>
    public static NativeBuffer Rent(long count)
    {
        lock (s_gate)
        {
            var fitting = s_free.Where(buffer => buffer.Count >= count && buffer.Count <= 2 * count + (1 << 16)).MinBy(buffer => buffer.Count);
            if (fitting is not null)
            {
                s_free.Remove(fitting);
                return fitting;
            }
        }

        return new NativeBuffer(count + count / 8);
    }

    public static void Return(NativeBuffer buffer)
    {
        lock (s_gate)
        {
            s_free.Add(buffer);
            if (s_free.Count <= Kept) return;
            buffer = s_free[0]; // unused for longest
            s_free.RemoveAt(0);
        }

        buffer.Dispose();
    }
}
