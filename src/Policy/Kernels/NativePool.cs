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

    /// <summary>At least so many numbers, not set to anything.</summary>
    public NativeBuffer Rent(long count)
    {
        var size = count + count / 8;
        NativeBuffer[] outgrown;
        lock (_gate)
        {
            // Passes rent within their tasks: no objects for a search.
            NativeBuffer? fitting = null;
            foreach (var buffer in _free)
                if (buffer.Count >= count && Serves(buffer.Count, count) && (fitting is null || buffer.Count < fitting.Count)) fitting = buffer;
            if (fitting is not null)
            {
                _free.Remove(fitting);
                return fitting;
            }

            // What the new one will do as well is not kept beside it: sizes that grow little by little would fill the memory.
            outgrown = [.. _free.Where(buffer => buffer.Count < count && Serves(size, buffer.Count))];
            _free.RemoveAll(outgrown.Contains);
        }

        foreach (var buffer in outgrown) buffer.Dispose();
        return new NativeBuffer(size);
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

    // Small enough to be lent out for so few.
    private static bool Serves(long size, long count) => size <= 2 * count + (1 << 16);
}
