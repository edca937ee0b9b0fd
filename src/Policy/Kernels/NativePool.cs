namespace Rlhf.Policies.Kernels;

/// <summary>
/// Large memory of passes between their uses. A training step wants the same amounts again and again, and each page that comes from
/// the system anew is filled with zeros first.
/// </summary>
internal sealed class NativePool
{
    // As many as models and their passes take turns with.
    private const int Kept = 8;

    private readonly Lock _gate = new();
    private readonly List<NativeBuffer> _free = [];

    /// <summary>The one of all passes.</summary>
    public static NativePool Shared { get; } = new();

    /// <summary>Numbers that it has room for and nobody uses.</summary>
    public long Free
    {
        get
        {
            lock (_gate) return _free.Sum(buffer => buffer.Count);
        }
    }

    /// <summary>At least so many numbers, not set to anything: the smallest memory that nobody uses and that has room.</summary>
    public NativeBuffer Rent(long count)
    {
        NativeBuffer[] outgrown;
        lock (_gate)
        {
            // Passes rent within their tasks: no objects for a search.
            NativeBuffer? fitting = null;
            foreach (var buffer in _free)
                if (buffer.Count >= count && (fitting is null || buffer.Count < fitting.Count)) fitting = buffer;
            if (fitting is not null)
            {
                _free.Remove(fitting);
                return fitting;
            }

            // All are smaller, and what they were for fits into the new one.
            outgrown = [.. _free];
            _free.Clear();
        }

        foreach (var buffer in outgrown) buffer.Dispose();
        return new NativeBuffer(count + count / 8);
    }

    public void Return(NativeBuffer buffer)
    {
        lock (_gate)
        {
            _free.Add(buffer);
            if (_free.Count <= Kept) return;
            buffer = _free[0]; // unused for longest
            _free.RemoveAt(0);
        }

        buffer.Dispose();
    }
}
