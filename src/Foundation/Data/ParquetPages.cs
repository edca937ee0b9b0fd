using System.Buffers;
using System.Runtime.CompilerServices;
using Parquet.Meta;
using Snappier;
using ZstdSharp;

namespace Rlhf.Foundation.Data;

/// <summary>
/// What Parquet.Net believes and a damaged file may say otherwise: the end of the file, the heads of its pages and the sizes that
/// packed pages unpack to, read here as the package will read them. It takes a byte behind the end for 255, so that it waits for
/// ever for the last byte of a number, and makes room for whatever size it is told.
/// </summary>
internal static class ParquetPages
{
    /// <summary>A page may unpack to so many bytes, and to more for each byte that it takes packed; both are beyond what writers make.</summary>
    private const long PlausibleBytes = 16 << 20, PlausibleBytesPerByte = 4096;

    private const string Protocol = "Parquet.Meta.Proto.ThriftCompactProtocolReader, Parquet";
    private const int Tail = 8, Head = 4, PageHead = 4096, SnappyHead = 5;

    /// <summary>The end of the file: what is where.</summary>
    /// <exception cref="InvalidDataException">It does not fit into the file, or is damaged.</exception>
    public static void CheckFooter(Stream file)
    {
        var tail = new byte[Tail];
        if (file.Length < Tail + Head) throw new InvalidDataException("it ends too early");
        file.Seek(-Tail, SeekOrigin.End);
        file.ReadExactly(tail);
        var length = BitConverter.ToInt32(tail);
        if (length < 0 || length > file.Length - Tail - Head) throw new InvalidDataException($"its last part is said to have {length} bytes");
        var footer = new byte[length];
        file.Seek(-Tail - length, SeekOrigin.End);
        file.ReadExactly(footer);
        ThriftBounds.Check(footer, "FileMetaData");
        Read((FileMetaData)null!, NewProtocol(new ReluctantStream(new MemoryStream(footer), length)));
        file.Position = 0;
    }

    /// <summary>The pages of a column of a row group.</summary>
    /// <exception cref="InvalidDataException">One is said to be larger than is plausible.</exception>
    public static void Check(Stream file, ColumnMetaData column)
    {
        var at = new[] { column.DictionaryPageOffset ?? 0, column.DataPageOffset, column.IndexPageOffset ?? 0 }.Where(offset => offset != 0).Min();
        for (long values = 0; values < column.NumValues;)
        {
            CheckPageHead(file, at);
            file.Position = at;
            var page = Read((PageHeader)null!, NewProtocol(file));
            at = file.Position + page.CompressedPageSize;
            if (page.CompressedPageSize < 0 || at > file.Length) throw new InvalidDataException($"a page is said to have {page.CompressedPageSize} bytes");
            CheckUnpacked(page.UncompressedPageSize, page);
            if (column.Codec is CompressionCodec.SNAPPY or CompressionCodec.ZSTD) CheckPacked(file, column.Codec, page);
            var here = page.DataPageHeader?.NumValues ?? page.DataPageHeaderV2?.NumValues ?? 0;
            if (here < 0 || here > column.NumValues || page.DictionaryPageHeader?.NumValues > page.UncompressedPageSize)
                throw new InvalidDataException("a page is said to have more values than there is room for");
            values += here;
        }
    }

    // It ends itself, so as much is looked at as it takes.
    private static void CheckPageHead(Stream file, long at)
    {
        for (var length = (long)PageHead; ; length *= 16)
        {
            var head = new byte[Math.Min(length, Math.Max(0, file.Length - at))];
            file.Position = at;
            file.ReadExactly(head);
            if (ThriftBounds.Holds(head, "PageHeader")) return;
            if (head.Length < length || length > PlausibleBytes) throw new InvalidDataException("the head of a page has no end");
        }
    }

    // These two unpack to what the packed bytes say, not to what the page does.
    private static void CheckPacked(Stream file, CompressionCodec codec, PageHeader page)
    {
        var levels = page.DataPageHeaderV2 is { } second ? Math.Max(0, second.RepetitionLevelsByteLength) + (long)Math.Max(0, second.DefinitionLevelsByteLength) : 0;
        if (page.DataPageHeaderV2?.IsCompressed == false || levels >= page.CompressedPageSize) return;
        var length = (int)(page.CompressedPageSize - levels);
        if (codec == CompressionCodec.SNAPPY) length = Math.Min(length, SnappyHead);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var packed = buffer.AsSpan(0, length);
            file.Seek(levels, SeekOrigin.Current);
            file.ReadExactly(packed);
            CheckUnpacked(codec == CompressionCodec.SNAPPY ? Snappy.GetUncompressedLength(packed) : (long)Decompressor.GetDecompressedSize(packed), page);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void CheckUnpacked(long bytes, PageHeader page)
    {
        if (bytes < 0 || bytes > PlausibleBytes + PlausibleBytesPerByte * page.CompressedPageSize)
            throw new InvalidDataException($"a page of {page.CompressedPageSize} bytes is said to unpack to {bytes}");
    }

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(Protocol)]
    private static extern object NewProtocol(Stream stream);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod)]
    private static extern FileMetaData Read(FileMetaData type, [UnsafeAccessorType(Protocol)] object protocol);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod)]
    private static extern PageHeader Read(PageHeader type, [UnsafeAccessorType(Protocol)] object protocol);
}
