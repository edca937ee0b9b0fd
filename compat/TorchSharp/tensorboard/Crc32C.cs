using System.Numerics;

namespace TorchSharp.TensorBoard;

/// <summary>CRC-32C (Castagnoli), and TFRecord's masked form of it: rotated right by 15 bits plus 0xa282ead8.</summary>
internal static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes) crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    public static uint Masked(ReadOnlySpan<byte> bytes) => unchecked(BitOperations.RotateRight(Compute(bytes), 15) + 0xa282ead8u);
}
