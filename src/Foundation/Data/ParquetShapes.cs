namespace Rlhf.Foundation.Data;

/// <summary>
/// What a field of a record is: <see cref="Kind"/> and, for records and lists of them, which record. Parquet.Net reads a field as
/// its number says and never looks at the type that the file gives it: a number that stands where a text belongs would be its length.
/// </summary>
internal readonly record struct ParquetField(ParquetFieldKind Kind, string Of = "", bool IsList = false);

internal enum ParquetFieldKind
{
    /// <summary>No field that is known: its type is believed, and must be one that is passed over rightly.</summary>
    Unknown, Flag, Byte, Number, Real, Text, Record,
}

/// <summary>The records at the end of a Parquet file and before its pages, as the format's parquet.thrift has them.</summary>
internal static class ParquetShapes
{
    /// <summary>By record, its fields in the order of their numbers: a kind, a record, a list (*), or none (-).</summary>
    private static readonly Dictionary<string, ParquetField[]> s_records = new Dictionary<string, string>
    {
        ["FileMetaData"] = "number *SchemaElement number *RowGroup *KeyValue text *ColumnOrder EncryptionAlgorithm text",
        ["SchemaElement"] = "number number number text number number number number number LogicalType",
        ["LogicalType"] = "Nothing Nothing Nothing Nothing DecimalType Nothing TimeType TimeType - IntType Nothing Nothing Nothing Nothing Nothing VariantType GeometryType GeographyType",
        ["DecimalType"] = "number number",
        ["TimeType"] = "flag TimeUnit",
        ["TimeUnit"] = "Nothing Nothing Nothing",
        ["IntType"] = "byte flag",
        ["VariantType"] = "byte",
        ["GeometryType"] = "text",
        ["GeographyType"] = "text number",
        ["KeyValue"] = "text text",
        ["ColumnOrder"] = "Nothing",
        ["EncryptionAlgorithm"] = "AesGcm AesGcm",
        ["AesGcm"] = "text text flag",
        ["RowGroup"] = "*ColumnChunk number number *SortingColumn number number number",
        ["SortingColumn"] = "number flag flag",
        ["ColumnChunk"] = "text number ColumnMetaData number number number number ColumnCryptoMetaData text",
        ["ColumnMetaData"] = "number *number *text number number number number *KeyValue number number number Statistics *PageEncodingStats number number SizeStatistics GeospatialStatistics",
        ["ColumnCryptoMetaData"] = "Nothing EncryptionWithColumnKey",
        ["EncryptionWithColumnKey"] = "*text text",
        ["Statistics"] = "text text number number text text flag flag",
        ["PageEncodingStats"] = "number number number",
        ["SizeStatistics"] = "number *number *number",
        ["GeospatialStatistics"] = "BoundingBox *number",
        ["BoundingBox"] = "real real real real real real real real",
        ["PageHeader"] = "number number number number DataPageHeader Nothing DictionaryPageHeader DataPageHeaderV2",
        ["DataPageHeader"] = "number number number number Statistics",
        ["DictionaryPageHeader"] = "number number flag",
        ["DataPageHeaderV2"] = "number number number number number number flag Statistics",
        ["Nothing"] = "",
    }.ToDictionary(record => record.Key, record => record.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Field).ToArray());

    /// <summary>A field of a record by its number, which counts from 1.</summary>
    public static ParquetField Of(string record, int number) => s_records[record] is var fields && number >= 1 && number <= fields.Length ? fields[number - 1] : default;

    private static ParquetField Field(string word)
    {
        var (isList, name) = word[0] == '*' ? (true, word[1..]) : (false, word);
        return name switch
        {
            "-" => default,
            "flag" => new(ParquetFieldKind.Flag, IsList: isList),
            "byte" => new(ParquetFieldKind.Byte, IsList: isList),
            "number" => new(ParquetFieldKind.Number, IsList: isList),
            "real" => new(ParquetFieldKind.Real, IsList: isList),
            "text" => new(ParquetFieldKind.Text, IsList: isList),
            _ => new(ParquetFieldKind.Record, name, isList),
        };
    }
}
