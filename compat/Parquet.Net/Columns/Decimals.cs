using System.Numerics;

namespace Parquet.Columns;

/// <summary>Decimal numbers from whole ones and a scale.</summary>
internal static class Decimals
{
    private const int MostScale = 28;

    public static decimal Of(BigInteger unscaled, int scale)
    {
        if (scale is < 0 or > MostScale) throw new ParquetException($"decimals of scale {scale} are not supported; {MostScale} is the most");
        if (BigInteger.Abs(unscaled).GetBitLength() > 96) throw new ParquetException("a decimal number is too large; 28 digits are the most");
        return (decimal)unscaled / Powers[scale];
    }

    /// <summary>Bytes hold the number with the highest byte first.</summary>
    public static decimal Of(ReadOnlyMemory<byte> bytes, int scale) => bytes.Length <= 32
        ? Of(new BigInteger(bytes.Span, isUnsigned: false, isBigEndian: true), scale)
        : throw new ParquetException($"a decimal number takes {bytes.Length} bytes; 32 are the most");

    private static readonly decimal[] Powers = [.. Enumerable.Range(0, MostScale + 1).Select(i => (decimal)BigInteger.Pow(10, i))];
}
