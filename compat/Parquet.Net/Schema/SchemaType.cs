namespace Parquet.Schema;

/// <summary>Kinds of fields.</summary>
public enum SchemaType
{
    Data,
    Map,
    Struct,
    List,
}
