using System.Text;
using System.Text.Json;
using DuckDB.NET.Data;
using Rlhf.Foundation.Data;

namespace Rlhf.Foundation.Tests.Data;

/// <summary>What other programs write is read, what is written here other programs read; nothing else makes a Parquet file one.</summary>
public sealed class ParquetElsewhereTests : IDisposable
{
    private const string Columns = """columns = {id: 'BIGINT', text: 'VARCHAR', score: 'DOUBLE', good: 'BOOLEAN', label: 'VARCHAR', messages: 'STRUCT("role" VARCHAR, content VARCHAR)[]'}""";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Layouts => new(
        from codec in new[] { "uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw" } from version in new[] { "V1", "V2" } select (codec, version));

    private static string Files { get; } = Path.Combine(TestData.Repository, "tests", "Foundation.Tests", "Data", "files");

    // Lists in data pages of version 2, which the package does not read.
    private static readonly string[] s_refused = ["rust_lz4_raw_v2.parquet", "rust_zstd_v2.parquet"];

    public static TheoryData<string> Kept => [.. Directory.GetFiles(Files, "*.parquet").Select(file => Path.GetFileName(file)).Except(s_refused)];

    public static TheoryData<string> Refused => [.. s_refused];

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Kept))]
    public void Read_FileOfAnotherProgram_GivesItsRows(string name) =>
        Assert.Equal(Normal(RowReader.Read(Path.Combine(Files, "rows.jsonl"))), Normal(RowReader.Read(Path.Combine(Files, name))));

    [Theory, MemberData(nameof(Refused))]
    public void Read_ListsInPagesOfVersion2_SaysWhatToDo(string name) => Assert.Contains(
        $"{name}: lists in data pages of version 2 cannot be read; write the file with pages of version 1", Assert.Throws<RlhfException>(() => RowReader.Read(Path.Combine(Files, name)).ToList()).Message, StringComparison.Ordinal);

    [Theory, MemberData(nameof(Layouts))]
    public void Read_FileOfDuckDb_GivesItsRows(string codec, string version)
    {
        var lines = Lines(3000);
        Ask($"copy (select * from read_json('{lines}', {Columns}) order by id) to '{_folder.At("rows.parquet")}' (format parquet, codec '{codec}', parquet_version {version}, row_group_size 2048)");
        Assert.Equal(Normal(RowReader.Read(lines)), Normal(RowReader.Read(_folder.At("rows.parquet"))));
    }

    [Fact]
    public void Read_ValuesOfEveryType_AreJson()
    {
        Ask($$"""
            copy (select 12.34::decimal(10, 2) as price, 1.5::decimal(38, 10) as wide, 200::utinyint as small, 18446744073709551615::ubigint as large, -5::tinyint as minus, 'ab'::blob as bytes, 'nan'::float as odd,
              '-infinity'::double as endless, date '2026-11-28' as day, timestamp '2026-11-28 01:02:03' as moment, time '01:02:03' as hour, '6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b'::uuid as id,
              map {'a': 1, 'b': null} as counts, [[1, 2], [], [3]] as nested, {'x': 1, 'y': [true]} as parts) to '{{_folder.At("types.parquet")}}' (format parquet)
            """);
        Assert.Equal("""
            {"price":12.34,"wide":1.5,"small":200,"large":18446744073709551615,"minus":-5,"bytes":"ab","odd":"NaN","endless":"-Infinity","day":"2026-11-28T00:00:00Z","moment":"2026-11-28T01:02:03+00:00","hour":3723000000,
            "id":"6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b","counts":[{"key":"a","value":1},{"key":"b","value":null}],"nested":[[1,2],[],[3]],"parts":{"x":1,"y":[true]}}
            """.ReplaceLineEndings(""), Encoding.UTF8.GetString(Assert.Single(RowReader.Read(_folder.At("types.parquet"))).Json.Span));
    }

    /// <summary>A run of nulls takes a few bytes whatever its length: a small file of many columns would take gigabytes.</summary>
    [Fact]
    public void Read_ManyColumnsOfLongRuns_AreRefusedBeforeTheyTakeMemory()
    {
        Ask($"copy (select {string.Join(", ", Enumerable.Range(0, 60).Select(i => $"null::integer c{i}"))} from range(900000)) to '{_folder.At("runs.parquet")}' (format parquet, row_group_size 1000000)");
        Assert.True(new FileInfo(_folder.At("runs.parquet")).Length < 200_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("entries in one row group, which is not plausible", Assert.Throws<RlhfException>(() => RowReader.Read(_folder.At("runs.parquet")).Count()).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300 << 20);
    }

    /// <summary>A packed page says how large it is in its own words too, which nobody compares.</summary>
    [Fact]
    public void Read_PackedPageThatSaysAGigabyte_IsRefusedBeforeItTakesMemory()
    {
        Ask($"copy (select range as id from range(20000)) to '{_folder.At("page.parquet")}' (format parquet, codec 'zstd')");
        var bytes = File.ReadAllBytes(_folder.At("page.parquet"));
        var frame = bytes.AsSpan().IndexOf([(byte)0x28, (byte)0xB5, (byte)0x2F, (byte)0xFD]);
        // A size of four bytes, behind the size of a window unless there is one segment.
        Assert.Equal(2, bytes[frame + 4] >> 6);
        BitConverter.GetBytes(1 << 30).CopyTo(bytes, frame + ((bytes[frame + 4] & 32) != 0 ? 5 : 6));
        File.WriteAllBytes(_folder.At("page.parquet"), bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.EndsWith("bytes is said to unpack to 1073741824", Assert.Throws<RlhfException>(() => RowReader.Read(_folder.At("page.parquet")).Count()).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void Write_RowsOfAllKinds_AreReadByDuckDb()
    {
        var lines = Lines(3000);
        using (var writer = RowWriter.Create(_folder.At("rows.parquet")))
        {
            foreach (var row in RowReader.Read(lines)) writer.Write(row);
            writer.Commit();
        }

        var found = Ask($"select to_json(t) from '{_folder.At("rows.parquet")}' t order by id");
        File.WriteAllLines(_folder.At("found.jsonl"), found);
        Assert.Equal(Normal(RowReader.Read(lines)), Normal(RowReader.Read(_folder.At("found.jsonl"))));
    }

    private string Lines(int count)
    {
        var text = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            text.Append(JsonSerializer.Serialize(new
            {
                id = i,
                text = i % 11 == 0 ? null : $"row {i} “{new string('x', i % 40)}”",
                score = i % 7 == 0 ? (double?)null : i / 8.0 - 100,
                good = i % 5 == 0 ? (bool?)null : i % 3 == 0,
                label = $"label {i % 4}",
                messages = i % 13 == 0 ? null : Enumerable.Range(0, i % 4).Select(j => new { role = j % 2 == 1 ? "assistant" : "user", content = i % 17 == 0 && j == 0 ? null : $"turn {j} of {i}" }),
            })).Append('\n');
        }

        File.WriteAllText(_folder.At("rows.jsonl"), text.ToString());
        return _folder.At("rows.jsonl");
    }

    private static List<string> Ask(string query)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        var answers = new List<string>();
        while (reader.Read()) answers.Add(reader.GetString(0));
        return answers;
    }

    // Every number in one form, whoever wrote it.
    private static string[] Normal(IEnumerable<Row> rows) => [.. rows.Select(row =>
    {
        using var json = JsonDocument.Parse(row.Json);
        return Text(json.RootElement);
    })];

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Text))}]",
        JsonValueKind.Object => $"{{{string.Join(',', value.EnumerateObject().Select(member => $"{member.Name}:{Text(member.Value)}"))}}}",
        _ => value.GetRawText() is var raw && value.ValueKind == JsonValueKind.String ? JsonSerializer.Serialize(value.GetString()) : raw,
    };
}
