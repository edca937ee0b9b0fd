namespace Parquet.Columns;

/// <summary>The distinct values of a column and where each stands, where they are few enough to be worth it.</summary>
internal sealed class DictionaryBuilder<T> where T : notnull
{
    private const int MostBytes = 1 << 20;
    private const int Sample = 1000;
    private readonly Dictionary<T, int> places = new(Comparer());
    private readonly List<T> distinct = [];

    private DictionaryBuilder(int[] indices) => Indices = indices;

    public int[] Indices { get; }

    public ReadOnlySpan<T> Distinct => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(distinct);

    /// <summary>The dictionary of a column, or null where it would not pay.</summary>
    public static DictionaryBuilder<T>? Of(T[] values, double threshold)
    {
        if (values.Length == 0 || typeof(T) == typeof(bool)) return null;
        var builder = new DictionaryBuilder<T>(new int[values.Length]);
        var bytes = 0L;
        for (var i = 0; i < values.Length; i++)
        {
            if (!builder.places.TryGetValue(values[i], out var place))
            {
                place = builder.distinct.Count;
                builder.places.Add(values[i], place);
                builder.distinct.Add(values[i]);
                bytes += Encodings.PlainEncoder.Size(values[i]);
            }

            builder.Indices[i] = place;
            // Texts hardly ever repeat: a sample of them shows it, and spares the rest.
            var isHopeless = i + 1 == Sample && builder.distinct.Count > threshold * Sample;
            if (isHopeless || bytes > MostBytes) return null;
        }

        return builder.distinct.Count <= threshold * values.Length ? builder : null;
    }

    private static IEqualityComparer<T> Comparer() => typeof(T) == typeof(byte[]) ? (IEqualityComparer<T>)(object)new BytesComparer() : EqualityComparer<T>.Default;

    private sealed class BytesComparer : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode(byte[] bytes)
        {
            var hash = default(HashCode);
            hash.AddBytes(bytes);
            return hash.ToHashCode();
        }
    }
}
