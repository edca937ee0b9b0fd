using System.Buffers.Binary;
using System.Text;

namespace Rlhf.Policies.TensorFiles;

/// <summary>A file inside a zip archive: bytes stored as they are, at a place that was checked to lie in the archive.</summary>
internal readonly record struct ZipEntry(string Name, long Offset, long Length, uint Crc);

/// <summary>
/// The entries of a zip archive as torch.save writes it: stored, never compressed, so no archive can unpack to more
/// than its own size. Reads zip64.
/// </summary>
internal static class ZipArchiveIndex
{
    private const uint EndSignature = 0x06054b50, End64Locator = 0x07064b50, End64 = 0x06064b50, Central = 0x02014b50, Local = 0x04034b50;

    public static Dictionary<string, ZipEntry> Read(MappedFile source)
    {
        var (directory, size, count) = FindDirectory(source);
        var bytes = source.Read(directory, size);
        var entries = new Dictionary<string, ZipEntry>(StringComparer.Ordinal);
        var at = 0;
        var all = 0L;
        for (long i = 0; i < count; i++)
        {
            if (at > bytes.Length - 46 || U32(bytes, at) != Central) throw Damaged("its directory is cut off");
            int name = U16(bytes, at + 28), extra = U16(bytes, at + 30), comment = U16(bytes, at + 32);
            if (name + extra + comment > bytes.Length - at - 46) throw Damaged("its directory is cut off");
            var entry = Entry(source, bytes.AsSpan(at, 46), Encoding.UTF8.GetString(bytes, at + 46, name), bytes.AsSpan(at + 46 + name, extra));
            if (!entries.TryAdd(entry.Name, entry)) throw Damaged($"it holds '{entry.Name}' twice");
            at += 46 + name + extra + comment;
            // Entries that share their bytes would unpack to many times the file.
            all += entry.Length;
            if (all > source.Length) throw Damaged("its files overlap");
        }

        return entries;
    }

    private static (long Offset, int Size, long Count) FindDirectory(MappedFile source)
    {
        var tail = (int)Math.Min(source.Length, 22 + 65535);
        var bytes = source.Read(source.Length - tail, tail);
        var end = bytes.Length - 22;
        while (end >= 0 && U32(bytes, end) != EndSignature) end--;
        if (end < 0) throw Damaged("its directory at the end is missing: it is cut off");
        long count = U16(bytes, end + 10), size = U32(bytes, end + 12), offset = U32(bytes, end + 16);
        if (end >= 20 && U32(bytes, end - 20) == End64Locator)
        {
            var record = source.Read(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(end - 12)), 56);
            if (U32(record, 0) != End64) throw Damaged("its zip64 record is missing");
            (count, size, offset) = (I64(record, 32), I64(record, 40), I64(record, 48));
        }

        if (offset < 0 || size < 0 || size > int.MaxValue || offset > source.Length - size || count < 0 || count > size / 46)
            throw Damaged($"its directory of {count} entries and {size} bytes at {offset} does not fit the file");
        return (offset, (int)size, count);
    }

    private static ZipEntry Entry(MappedFile source, ReadOnlySpan<byte> header, string name, ReadOnlySpan<byte> extra)
    {
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]), method = BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
        long packed = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]), length = BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
        long local = BinaryPrimitives.ReadUInt32LittleEndian(header[42..]);
        Zip64(extra, ref length, ref packed, ref local);
        if ((flags & 1) != 0) throw Damaged($"'{name}' is encrypted");
        if (method != 0 || packed != length)
            throw Damaged($"'{name}' is compressed, which torch.save never does; save the weights again with torch.save");
        var start = source.Read(local, 30);
        if (U32(start, 0) != Local) throw Damaged($"'{name}' is not where the directory says");
        var data = local + 30 + U16(start, 26) + U16(start, 28);
        if (length < 0 || data > source.Length - length) throw Damaged($"'{name}' of {length} bytes reaches beyond the end of the file");
        return new ZipEntry(name, data, length, BinaryPrimitives.ReadUInt32LittleEndian(header[16..]));
    }

    // The zip64 extra field holds, in this order, those of the three that did not fit 32 bits.
    private static void Zip64(ReadOnlySpan<byte> extra, ref long length, ref long packed, ref long local)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra), size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4) return;
            var field = extra.Slice(4, size);
            extra = extra[(4 + size)..];
            if (id != 1) continue;
            Widen(ref length, ref field);
            Widen(ref packed, ref field);
            Widen(ref local, ref field);
        }

        static void Widen(ref long value, ref ReadOnlySpan<byte> field)
        {
            if (value != uint.MaxValue || field.Length < 8) return;
            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
        }
    }

    private static int U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static long I64(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));

    private static InvalidDataException Damaged(string what) => new($"not a whole zip archive of torch.save: {what}");
}
