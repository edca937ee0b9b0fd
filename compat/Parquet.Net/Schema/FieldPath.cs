namespace Parquet.Schema;

/// <summary>The names from the root of the schema down to a field.</summary>
public sealed class FieldPath : IEquatable<FieldPath>
{
    private readonly string[] parts;

    public FieldPath(IEnumerable<string> path) => parts = [.. path];

    public FieldPath(params string[] path) => parts = [.. path];

    public string? FirstPart => parts.FirstOrDefault();

    public int Length => parts.Length;

    public IList<string> ToList() => [.. parts];

    public bool Equals(FieldPath? other) => other is not null && parts.AsSpan().SequenceEqual(other.parts);

    public override bool Equals(object? obj) => Equals(obj as FieldPath);

    public override int GetHashCode() => parts.Aggregate(0, HashCode.Combine);

    public override string ToString() => string.Join('/', parts);

    internal FieldPath Append(params ReadOnlySpan<string> names) => new([.. parts, .. names]);
}
