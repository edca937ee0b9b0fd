using System.Text;
using Rlhf.Foundation.Data;

namespace Rlhf.Foundation.Tests.Data;

public sealed class RowFuzzTests
{
    private const string Lines = """
        {"prompt": "Hello \u00e9\ud83d\ude00", "chosen": [{"role": "user", "content": "a"}], "margin": 1.5e3}
        {"prompt": "", "chosen": null, "margin": -0, "deep": [[[{"a": [1, 2, {"b": null}]}]]]}
        {"prompt": "日本語", "chosen": [], "margin": true}
        """;

    [Fact]
    public void Read_DamagedJson_GivesRowsOrAClearError()
    {
        var lines = Encoding.UTF8.GetBytes(Lines);
        byte[] list = [(byte)'[', .. Encoding.UTF8.GetBytes(Lines.Replace("\n", ",\n", StringComparison.Ordinal)), (byte)']'];
        var fuzzer = new MutationFuzzer(seed: 17, [lines, list, RowFile.Gzip(lines)]) { FreeAllocation = 1 << 20 };
        using var file = RowFile.Of("fuzz.jsonl", "");
        var report = fuzzer.Run(0, 1500, bytes => ReadAll(file.Path, bytes), typeof(RlhfException));
        Assert.True(report.Failures.Count == 0, string.Join('\n', report.Failures));
        Assert.True(report.Accepted > 50 && report.Rejected > 500, report.ToString());
    }

    [Fact]
    public void Read_DamagedParquet_GivesRowsOrAClearError()
    {
        var files = Directory.GetFiles(Path.Combine(TestData.Repository, "tests", "Foundation.Tests", "Data", "files"), "*.parquet").Order().Select(File.ReadAllBytes);
        using var file = RowFile.Of("fuzz.parquet", "");
        var report = new MutationFuzzer(seed: 18, [.. files]).Run(0, 3000, bytes => ReadAll(file.Path, bytes), typeof(RlhfException));
        Assert.True(report.Failures.Count == 0, string.Join('\n', report.Failures));
        Assert.True(report.Accepted > 50 && report.Rejected > 500, report.ToString());
    }

    private static void ReadAll(string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        foreach (var row in RowReader.Read(path))
            foreach (var column in row.Columns)
                if (row.Kind(column) == ColumnKind.Text) Assert.NotNull(row.Text(column));
    }
}
