using System.Buffers.Binary;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet;

/// <summary>Writes a Parquet file, row group after row group; disposing it writes the footer.</summary>
public sealed class ParquetWriter : IAsyncDisposable
{
    private readonly ParquetSchema schema;
    private readonly Stream stream;
    private readonly ParquetOptions options;
    private readonly List<RowGroup> groups = [];

    private ParquetWriter(ParquetSchema schema, Stream stream, ParquetOptions options) =>
        (this.schema, this.stream, this.options) = (schema, stream, options);

    /// <summary>Free metadata of the file.</summary>
    public IReadOnlyDictionary<string, string> CustomMetadata { get; set; } = new Dictionary<string, string>();

    public static async Task<ParquetWriter> CreateAsync(
        ParquetSchema schema, Stream output, ParquetOptions? formatOptions = null, bool append = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(output);
        if (!output.CanWrite || !output.CanSeek) throw new ArgumentException("the stream must be writable and seekable", nameof(output));
        if (append) throw new NotSupportedException("row groups cannot be added to a file that is there; write it anew");
        await output.WriteAsync("PAR1"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        return new ParquetWriter(schema, output, formatOptions ?? new ParquetOptions());
    }

    /// <summary>Begins a row group; all columns are written to it in the order of the schema.</summary>
    public ParquetRowGroupWriter CreateRowGroup() => new(schema, stream, options, groups.Add);

    public async ValueTask DisposeAsync()
    {
        var footer = new FileMetaData { Schema = SchemaWriter.Write(schema), Rows = groups.Sum(group => group.Rows), RowGroups = groups, Metadata = CustomMetadata }.Write();
        await stream.WriteAsync(footer).ConfigureAwait(false);
        var tail = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(tail, footer.Length);
        "PAR1"u8.CopyTo(tail.AsSpan(4));
        await stream.WriteAsync(tail).ConfigureAwait(false);
        await stream.FlushAsync().ConfigureAwait(false);
    }
}
