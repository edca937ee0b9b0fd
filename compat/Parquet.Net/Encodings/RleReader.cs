namespace Parquet.Encodings;

/// <summary>Reads the hybrid of runs and bit-packed groups that holds levels, dictionary indices and booleans.</summary>
internal ref struct RleReader
{
    private readonly ReadOnlySpan<byte> bytes;
    private readonly int width;
    private int position;

    // The run at hand: `left` values, equal to `value`, or packed from bit `packedBit` of the bytes on.
    private long left;
    private bool isPacked;
    private int value;
    private long packedBit;

    public RleReader(ReadOnlySpan<byte> bytes, int width)
    {
        if (width is < 0 or > 32) throw new ParquetException($"values of {width} bits were declared");
        this.bytes = bytes;
        this.width = width;
    }

    /// <summary>Reads as many values as there is room for.</summary>
    public void Read(scoped Span<int> values)
    {
        while (!values.IsEmpty)
        {
            if (left == 0) NextRun();
            var count = (int)Math.Min(left, values.Length);
            if (isPacked) Unpack(values[..count]);
            else values[..count].Fill(value);
            left -= count;
            values = values[count..];
        }
    }

    private void NextRun()
    {
        var header = Varint();
        isPacked = (header & 1) != 0;
        left = (long)(header >> 1) * (isPacked ? 8 : 1);
        if (left == 0) throw new ParquetException("a run of no values was declared");
        if (isPacked)
        {
            // The last group may be cut short where its padding would stand; Unpack checks what it takes.
            packedBit = position * 8L;
            position = (int)Math.Min(bytes.Length, position + (left * width + 7) / 8);
            return;
        }

        var size = (width + 7) / 8;
        if (size > bytes.Length - position) throw Cut();
        value = 0;
        for (var i = 0; i < size; i++) value |= bytes[position++] << (8 * i);
        if (width < 32 && (uint)value >> width != 0) throw new ParquetException($"a run of the value {(uint)value} was declared in {width} bits");
    }

    private void Unpack(scoped Span<int> values)
    {
        if ((packedBit + (long)values.Length * width + 7) / 8 > bytes.Length) throw Cut();
        for (var i = 0; i < values.Length; i++, packedBit += width) values[i] = (int)BitUnpacker.Read(bytes, packedBit, width);
    }

    private ulong Varint()
    {
        ulong result = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            if (position == bytes.Length) throw Cut();
            var part = bytes[position++];
            result |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return result;
        }

        throw new ParquetException("a run of more than 32 bits was declared");
    }

    private static ParquetException Cut() => new("runs of values end early");
}
