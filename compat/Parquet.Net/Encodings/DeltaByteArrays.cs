namespace Parquet.Encodings;

/// <summary>Reads byte arrays whose lengths, or shared prefixes and lengths, are written as differences.</summary>
internal static class DeltaByteArrays
{
    /// <summary>DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes.</summary>
    public static void ReadLengths(ReadOnlyMemory<byte> page, Span<ReadOnlyMemory<byte>> values)
    {
        var lengths = new int[values.Length];
        var position = DeltaBinaryPacked.Read(page.Span, lengths.AsSpan());
        for (var i = 0; i < values.Length; i++)
        {
            if (lengths[i] < 0 || lengths[i] > page.Length - position)
                throw new ParquetException($"a value of {lengths[i]} bytes is declared where {page.Length - position} are left");
            values[i] = page.Slice(position, lengths[i]);
            position += lengths[i];
        }
    }

    /// <summary>DELTA_BYTE_ARRAY: how much each value shares with the one before, and the rest of it.</summary>
    public static void ReadPrefixes(ReadOnlyMemory<byte> page, Span<ReadOnlyMemory<byte>> values)
    {
        var prefixes = new int[values.Length];
        var position = DeltaBinaryPacked.Read(page.Span, prefixes.AsSpan());
        ReadLengths(page[position..], values);

        // Prefixes of prefixes can grow without end: a page of n values and b bytes holds at most n × b, so cap the sum.
        var budget = (1L << 20) + 64L * page.Length;
        for (var i = 0; i < values.Length; i++)
        {
            var before = i == 0 ? default : values[i - 1];
            if (prefixes[i] < 0 || prefixes[i] > before.Length)
                throw new ParquetException($"a value shares {prefixes[i]} bytes with one of {before.Length}");
            if (prefixes[i] == 0) continue;
            budget -= prefixes[i] + values[i].Length;
            if (budget < 0) throw new ParquetException("values that share prefixes unpack to more than 64 times their page");
            var whole = new byte[prefixes[i] + values[i].Length];
            before.Span[..prefixes[i]].CopyTo(whole);
            values[i].Span.CopyTo(whole.AsSpan(prefixes[i]));
            values[i] = whole;
        }
    }
}
