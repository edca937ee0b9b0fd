using Parquet.Schema;

namespace Parquet.Tests;

/// <summary>Rows with every kind of value and every way to lack one.</summary>
internal static class SampleRows
{
    public static ParquetSchema Schema() => new(
        new DataField<long>("id"),
        new DataField<string>("text"),
        new DataField<double>("score", nullable: true),
        new DataField<bool>("good", nullable: true),
        new DataField<int>("count"),
        new DataField<float>("half"),
        new DataField<string>("label", nullable: false),
        new ListField("messages", new StructField("element", new DataField<string>("role"), new DataField<string>("content"))),
        new ListField("grid", new ListField("element", new DataField<long>("element", nullable: true))),
        new StructField("meta", new DataField<string>("source"), new StructField("inner", new DataField<long>("depth", nullable: true))));

    public static List<IDictionary<string, object?>> Make(int count) => [.. Enumerable.Range(0, count).Select(Row)];

    private static IDictionary<string, object?> Row(int i) => new Dictionary<string, object?>
    {
        ["id"] = (long)i,
        ["text"] = i % 11 == 0 ? null : $"row {i} “{new string('é', i % 40)}”",
        ["score"] = i % 7 == 0 ? null : i / 8.0 - 100,
        ["good"] = i % 5 == 0 ? null : i % 3 == 0,
        ["count"] = i * i % 7919 - 4000,
        ["half"] = i / 2f,
        ["label"] = $"label {i % 4}",
        ["messages"] = i % 13 == 0 ? null : Enumerable.Range(0, i % 4).Select(object? (j) => i % 17 == 0 ? null : Message(i, j)).ToList(),
        ["grid"] = i % 6 == 0 ? null : Enumerable.Range(0, i % 3).Select(object? (j) => (i + j) % 5 == 0 ? null : Enumerable.Range(0, (i + j) % 4).Select(object? (k) => k == 2 ? null : (long)(i * k)).ToList()).ToList(),
        ["meta"] = i % 10 == 0 ? null : new Dictionary<string, object?>
        {
            ["source"] = i % 3 == 0 ? null : "somewhere",
            ["inner"] = i % 4 == 0 ? null : new Dictionary<string, object?> { ["depth"] = i % 9 == 0 ? null : (long)i },
        },
    };

    private static Dictionary<string, object?> Message(int i, int j) => new()
    {
        ["role"] = j % 2 == 0 ? "user" : "assistant",
        ["content"] = (i + j) % 19 == 0 ? null : $"turn {j} of {i}",
    };
}
