using System.IO.Compression;

namespace Parquet;

/// <summary>How files are written and read.</summary>
public class ParquetOptions
{
    /// <summary>Compression of the pages that are written.</summary>
    public CompressionMethod CompressionMethod { get; set; } = CompressionMethod.Snappy;

    /// <summary>Level of Gzip and Brotli compression.</summary>
    public CompressionLevel CompressionLevel { get; set; } = CompressionLevel.SmallestSize;

    /// <summary>Rows in a row group that the serializer writes; null writes one million.</summary>
    public int? RowGroupSize { get; set; }

    /// <summary>Whether columns of few distinct values are written as a dictionary and indices into it.</summary>
    public bool UseDictionaryEncoding { get; set; } = true;

    /// <summary>Columns with more distinct values than this share of their values are written plainly.</summary>
    public double DictionaryEncodingThreshold { get; set; } = 0.8;

    /// <summary>Whether byte arrays that no annotation calls text are read as text.</summary>
    public bool TreatByteArrayAsString { get; set; }
}
