namespace Rlhf.Policies.Training;

/// <summary>
/// The numbers of some parameters, one after the other, in buckets; of each bucket every rank has an equal part, the last bucket filled
/// up to that. Order and content do not depend on how many ranks there are, only who has what.
/// </summary>
internal sealed class ShardPlan
{
    private readonly int _size;

    /// <param name="sizes">numbers of each parameter</param>
    /// <param name="rank">whose parts these are</param>
    /// <param name="size">how many ranks there are</param>
    /// <param name="bucketSize">the most numbers of a bucket</param>
    public ShardPlan(IReadOnlyList<long> sizes, int rank, int size, long bucketSize)
    {
        _size = size;
        var buckets = new List<Bucket>();
        var parts = new List<Segment>();
        var (total, at) = (sizes.Sum(), 0L);
        for (long first = 0; first < total; first += bucketSize)
        {
            var count = Math.Min(bucketSize, total - first);
            var part = (count + size - 1) / size;
            var segments = Cut(sizes, first, count).ToArray();
            buckets.Add(new Bucket(count, part, at, segments));
            var mine = rank * part;
            parts.AddRange(Cut(sizes, first + mine, Math.Clamp(count - mine, 0, part)).Select(segment => segment with { At = at + segment.At }));
            at += part;
        }

        (Buckets, Parts, Share) = (buckets, parts, at);
    }

    public IReadOnlyList<Bucket> Buckets { get; }

    /// <summary>What of the parameters falls to this rank; places count in its share.</summary>
    public IReadOnlyList<Segment> Parts { get; }

    /// <summary>Numbers of a rank's share.</summary>
    public long Share { get; }

    /// <summary>Numbers of a bucket with what fills it up.</summary>
    public long Filled(Bucket bucket) => bucket.Part * _size;

    private static IEnumerable<Segment> Cut(IReadOnlyList<long> sizes, long first, long count)
    {
        long start = 0;
        for (var parameter = 0; parameter < sizes.Count && start < first + count; start += sizes[parameter++])
        {
            var (from, to) = (Math.Max(first, start), Math.Min(first + count, start + sizes[parameter]));
            if (from < to) yield return new Segment(parameter, from - start, from - first, to - from);
        }
    }
}

/// <summary>Some numbers of a parameter, and where in a bucket or a share they lie.</summary>
internal readonly record struct Segment(int Parameter, long First, long At, long Count);

/// <param name="Count">numbers of parameters</param>
/// <param name="Part">numbers of a rank's part</param>
/// <param name="At">where that lies in its share</param>
/// <param name="Segments">places count in the bucket</param>
internal sealed record Bucket(long Count, long Part, long At, IReadOnlyList<Segment> Segments);
