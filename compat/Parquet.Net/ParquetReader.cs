using System.Buffers.Binary;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet;

/// <summary>Opens a Parquet file and its row groups.</summary>
public class ParquetReader : IAsyncDisposable
{
    private const int TailSize = 8;
    private readonly Stream stream;
    private readonly bool leaveOpen;
    private readonly FileMetaData meta;

    private ParquetReader(Stream stream, bool leaveOpen, FileMetaData meta, ParquetSchema schema) =>
        (this.stream, this.leaveOpen, this.meta, Schema) = (stream, leaveOpen, meta, schema);

    public ParquetSchema Schema { get; }

    public int RowGroupCount => meta.RowGroups.Count;

    /// <summary>Free metadata of the file.</summary>
    public Dictionary<string, string> CustomMetadata => new(meta.Metadata);

    public static async Task<ParquetReader> CreateAsync(string filePath, ParquetOptions? parquetOptions = null, CancellationToken cancellationToken = default)
    {
        var file = File.OpenRead(filePath);
        try
        {
            return await CreateAsync(file, parquetOptions, leaveStreamOpen: false, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public static async Task<ParquetReader> CreateAsync(
        Stream input, ParquetOptions? parquetOptions = null, bool leaveStreamOpen = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (!input.CanRead || !input.CanSeek) throw new ArgumentException("the stream must be readable and seekable", nameof(input));
        try
        {
            var footer = await FooterAsync(input, cancellationToken).ConfigureAwait(false);
            var meta = FileMetaData.Read(footer);
            CheckSizes(meta, input.Length);
            return new ParquetReader(input, leaveStreamOpen, meta, SchemaReader.Read(meta.Schema, parquetOptions ?? new ParquetOptions()));
        }
        catch (ParquetException error)
        {
            throw new ParquetException($"{NameOf(input)}: {error.Message}", error);
        }
    }

    public ParquetRowGroupReader OpenRowGroupReader(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, RowGroupCount);
        return new ParquetRowGroupReader(stream, NameOf(stream), index, meta.RowGroups[index]);
    }

    public async ValueTask DisposeAsync()
    {
        if (!leaveOpen) await stream.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private static string NameOf(Stream stream) => stream is FileStream file ? file.Name : "Parquet data";

    private static async Task<byte[]> FooterAsync(Stream input, CancellationToken cancellationToken)
    {
        if (input.Length < 4 + TailSize) throw new ParquetException($"{input.Length} bytes are too few for a Parquet file");
        var magic = new byte[4];
        input.Position = 0;
        await input.ReadExactlyAsync(magic, cancellationToken).ConfigureAwait(false);
        if (!magic.AsSpan().SequenceEqual("PAR1"u8)) throw new ParquetException("the file does not start with PAR1; it is no Parquet file");

        var tail = new byte[TailSize];
        input.Position = input.Length - TailSize;
        await input.ReadExactlyAsync(tail, cancellationToken).ConfigureAwait(false);
        if (tail.AsSpan(4).SequenceEqual("PARE"u8)) throw new ParquetException("the file is encrypted; this is not supported");
        if (!tail.AsSpan(4).SequenceEqual("PAR1"u8)) throw new ParquetException("the file does not end with PAR1; it was cut, or its writing did not end");

        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length <= 0 || length > input.Length - TailSize - 4) throw new ParquetException($"a footer of {length} bytes is declared in a file of {input.Length}");
        var footer = new byte[length];
        input.Position = input.Length - TailSize - length;
        await input.ReadExactlyAsync(footer, cancellationToken).ConfigureAwait(false);
        return footer;
    }

    /// <summary>Every column lies inside the file, and together they are no larger: none is read twice.</summary>
    private static void CheckSizes(FileMetaData meta, long size)
    {
        long total = 0;
        for (var i = 0; i < meta.RowGroups.Count; i++)
        {
            foreach (var column in meta.RowGroups[i].Columns)
            {
                if (column.Start < 4 || column.CompressedSize < 0 || column.CompressedSize > size - column.Start)
                    throw new ParquetException($"row group {i}, column {string.Join('/', column.Path)}: {column.CompressedSize} bytes at {column.Start} lie outside the file of {size}");
                total += column.CompressedSize;
            }
        }

        if (total > size) throw new ParquetException($"the columns take {total} bytes in a file of {size}");
    }
}
