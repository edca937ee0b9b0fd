namespace Parquet.Compression;

/// <summary>Copies from what was unpacked before, as every dictionary coder does.</summary>
internal static class Matches
{
    /// <summary>Copies <paramref name="length"/> bytes from <paramref name="offset"/> bytes back; the copy may overlap itself.</summary>
    public static void Copy(Span<byte> output, int position, int offset, int length)
    {
        if (offset <= 0 || offset > position) throw new ParquetException($"compressed data refers {offset} bytes back where {position} are there");
        if (length > output.Length - position) throw new ParquetException("compressed data unpacks to more than declared");
        var source = output.Slice(position - offset, Math.Min(offset, length));
        var target = output.Slice(position, length);
        // A repeating pattern: each round copies all of it that is there, so it doubles.
        while (true)
        {
            source.CopyTo(target);
            target = target[source.Length..];
            if (target.IsEmpty) return;
            var grown = Math.Min(offset + (length - target.Length), target.Length);
            source = output.Slice(position - offset, grown);
        }
    }

    /// <summary>How many bytes agree from two positions on, up to <paramref name="end"/> for the later one.</summary>
    public static int Length(ReadOnlySpan<byte> bytes, int earlier, int later, int end) =>
        bytes[later..end].CommonPrefixLength(bytes[earlier..]);
}
