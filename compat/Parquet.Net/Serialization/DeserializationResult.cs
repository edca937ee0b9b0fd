using Parquet.Schema;

namespace Parquet.Serialization;

/// <summary>Rows and the schema they came with.</summary>
public class DeserializationResult<T>(IList<T> data, ParquetSchema schema)
{
    public IList<T> Data { get; } = data;

    public ParquetSchema Schema { get; } = schema;
}
