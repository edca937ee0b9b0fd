using System.Numerics;

namespace Parquet.Compression.Zstd;

/// <summary>Packs the sequences of a block: codes by finite-state entropy, further bits as they are (RFC 8878, 3.1.1.3.2).</summary>
internal sealed class SequenceEncoder
{
    // Fewer sequences than this do not pay for a distribution of their own.
    private const int ManySequences = 64;
    private int offset1 = 1;
    private int offset2 = 4;
    private int offset3 = 8;

    /// <summary>The same state, to go back to.</summary>
    public SequenceEncoder Copy() => (SequenceEncoder)MemberwiseClone();

    public void Encode(List<Sequence> sequences, List<byte> output)
    {
        WriteCount(sequences.Count, output);
        if (sequences.Count == 0) return;
        var offsets = sequences.ConvertAll(sequence => OffsetValue(sequence.Offset, sequence.Literals == 0));
        var literalCodes = sequences.ConvertAll(sequence => Code(sequence.Literals, Codes.LiteralBase));
        var offsetCodes = offsets.ConvertAll(value => BitOperations.Log2((uint)value));
        var matchCodes = sequences.ConvertAll(sequence => Code(sequence.Length, Codes.MatchBase));

        var modes = output.Count;
        output.Add(0);
        var (literalMode, literals) = Table(literalCodes, Codes.LiteralCounts, 6, Codes.MostLiteralLog, output);
        var (offsetMode, offset) = Table(offsetCodes, Codes.OffsetCounts, 5, Codes.MostOffsetLog, output);
        var (matchMode, matches) = Table(matchCodes, Codes.MatchCounts, 6, Codes.MostMatchLog, output);
        output[modes] = (byte)(literalMode << 6 | offsetMode << 4 | matchMode << 2);

        // The reader starts at the end, so all is written in the reverse of the order it is read in.
        var bits = new BitWriter();
        var (literalState, offsetState, matchState) = (0, 0, 0);
        for (var i = sequences.Count - 1; i >= 0; i--)
        {
            var isLast = i == sequences.Count - 1;
            offsetState = Next(offset, offsetState, offsetCodes[i], isLast, bits);
            matchState = Next(matches, matchState, matchCodes[i], isLast, bits);
            literalState = Next(literals, literalState, literalCodes[i], isLast, bits);
            bits.Write((uint)(sequences[i].Literals - Codes.LiteralBase[literalCodes[i]]), Codes.LiteralBits[literalCodes[i]]);
            bits.Write((uint)(sequences[i].Length - Codes.MatchBase[matchCodes[i]]), Codes.MatchBits[matchCodes[i]]);
            bits.Write((uint)offsets[i] - (1u << offsetCodes[i]), offsetCodes[i]);
        }

        matches?.End(matchState, bits);
        offset?.End(offsetState, bits);
        literals?.End(literalState, bits);
        output.AddRange(bits.Mark());
    }

    private static int Next(FseEncoder? encoder, int state, int code, bool isLast, BitWriter bits)
    {
        if (encoder is null) return 0; // one code only: nothing to tell
        return isLast ? encoder.Begin(code) : encoder.Add(state, code, bits);
    }

    private static (int Mode, FseEncoder? Encoder) Table(List<int> codes, ReadOnlySpan<short> predefined, int predefinedLog, int mostLog, List<byte> output)
    {
        var occurrences = new int[codes.Max() + 1];
        foreach (var code in codes) occurrences[code]++;
        if (occurrences[^1] == codes.Count)
        {
            output.Add((byte)codes[0]);
            return (1, null);
        }

        if (codes.Count < ManySequences && occurrences.Length <= predefined.Length) return (0, FseEncoder.Of(predefined, predefinedLog));
        var encoder = FseEncoder.Fit(occurrences, mostLog);
        encoder.Describe(output);
        return (2, encoder);
    }

    /// <summary>1 to 3 for one of the offsets used last, otherwise the offset plus 3; the inverse of the decoder's reading.</summary>
    private int OffsetValue(int offset, bool noLiterals)
    {
        var shift = noLiterals ? 1 : 0;
        if (offset == offset1 && !noLiterals) return 1;
        if (offset == offset2)
        {
            (offset1, offset2) = (offset2, offset1);
            return 2 - shift;
        }

        if (offset == offset3)
        {
            (offset1, offset2, offset3) = (offset3, offset1, offset2);
            return 3 - shift;
        }

        (offset1, offset2, offset3) = (offset, offset1, offset2);
        return offset + 3;
    }

    private static int Code(int length, ReadOnlySpan<int> bases)
    {
        var place = bases.BinarySearch(length);
        return place >= 0 ? place : ~place - 1;
    }

    private static void WriteCount(int count, List<byte> output)
    {
        if (count < 128) output.Add((byte)count);
        else if (count < 0x7f00) output.AddRange([(byte)((count >> 8) + 128), (byte)count]);
        else output.AddRange([255, (byte)(count - 0x7f00), (byte)(count - 0x7f00 >> 8)]);
    }
}
