using System.Buffers.Binary;

namespace Parquet.Compression;

/// <summary>The CRC-32 of gzip (reflected polynomial 0xEDB88320), eight bytes at a time.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    public static uint Of(ReadOnlySpan<byte> bytes) => ~Update(~0u, bytes);

    private static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> table = Table;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = table[0x700 + (int)(low & 0xff)] ^ table[0x600 + (int)(low >> 8 & 0xff)]
                ^ table[0x500 + (int)(low >> 16 & 0xff)] ^ table[0x400 + (int)(low >> 24)]
                ^ table[0x300 + (int)(high & 0xff)] ^ table[0x200 + (int)(high >> 8 & 0xff)]
                ^ table[0x100 + (int)(high >> 16 & 0xff)] ^ table[(int)(high >> 24)];
        }

        foreach (var value in bytes) crc = crc >> 8 ^ table[(int)((crc ^ value) & 0xff)];
        return crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
            table[i] = crc;
        }

        for (var i = 256; i < table.Length; i++) table[i] = table[i - 256] >> 8 ^ table[table[i - 256] & 0xff];
        return table;
    }
}
