using System.Diagnostics;
using System.Globalization;
using Rlhf.Foundation.Data;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Benchmarks.Files;

/// <summary>How fast rows are scanned and checked, and how much memory that takes.</summary>
internal static class ScanCommand
{
    public static int Run(string[] args)
    {
        // How fast rows are scanned and checked, and how much memory that takes.
        //   dotnet run -c Release --project benchmarks -- scan [rows=1000000]

        var count = args.Length > 0 ? int.Parse(args[0].Split('=')[^1], CultureInfo.InvariantCulture) : 1_000_000;
        var folder = Directory.CreateTempSubdirectory("rowscan").FullName;
        try
        {
            var lines = Path.Combine(folder, "rows.jsonl");
            using (var writer = new StreamWriter(lines))
                for (var i = 0; i < count; i++) writer.Write(Line(i));
            Scan("jsonl, checked", lines, _ => 0);
            Validate("jsonl, validated as preference pairs", lines);
            Scan("jsonl, two texts decoded", lines, row => row.Text("chosen").Length + row.Text("rejected").Length);
            Convert(lines, Path.Combine(folder, "rows.jsonl.gz"));
            Scan("jsonl.gz, checked", Path.Combine(folder, "rows.jsonl.gz"), _ => 0);
            Convert(lines, Path.Combine(folder, "rows.json"));
            Scan("json list, checked", Path.Combine(folder, "rows.json"), _ => 0);
            Convert(lines, Path.Combine(folder, "rows.parquet"));
            Scan("parquet (zstd), checked", Path.Combine(folder, "rows.parquet"), _ => 0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return 0;
    }

    private static string Line(int i)
    {
        string[] words = ["the", "model", "answers", "with", "a", "short", "and", "helpful", "text", "about", "“rivers”", "mountains", "the sea", "or", "nothing\\n"];
        var random = new Random(i);
        string Words(int number) => string.Join(' ', Enumerable.Range(0, number).Select(_ => words[random.Next(words.Length)]));
        return $$"""{"prompt": "Question {{i}}: {{Words(8)}}?", "chosen": "{{Words(20 + i % 17)}}", "rejected": "{{Words(15 + i % 13)}}", "margin": {{i % 100 / 10.0}}}""" + "\n";
    }

    // What 'rlhf reward' does to every row before it is tokenized: columns, kinds, texts, identical sides, empty replies.
    private static void Validate(string what, string path) => Measure(what, SizeOfLines(path), new PreferenceFile(new ColumnNames(), DialogueForm.Plain).Pairs(path, new DefectLog()));

    private static void Scan(string what, string path, Func<Row, long> use) => Measure(what, SizeOfLines(path), RowReader.Read(path).Select(use));

    private static long SizeOfLines(string path) => new FileInfo(Path.Combine(Path.GetDirectoryName(path)!, "rows.jsonl")).Length;

    private static void Measure<T>(string what, long size, IEnumerable<T> source)
    {
        GC.Collect();
        var peak = 0L;
        var clock = Stopwatch.StartNew();
        var rows = 0L;
        foreach (var _ in source)
        {
            if (++rows % 10_000 == 0) peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
        }

        // The rate counts the bytes of the rows as JSON lines, whatever the file holds them in.
        Console.WriteLine($"{what}: {rows:N0} rows, {size / 1e6:F0} MB in {clock.Elapsed.TotalSeconds:F2} s = {size / 1e6 / clock.Elapsed.TotalSeconds:F0} MB/s; heap at most {peak / 1e6:F0} MB, process {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB");
    }

    private static void Convert(string from, string to)
    {
        var clock = Stopwatch.StartNew();
        using var writer = RowWriter.Create(to);
        foreach (var row in RowReader.Read(from)) writer.Write(row);
        writer.Commit();
        Console.WriteLine($"written {Path.GetExtension(to)}: {new FileInfo(to).Length / 1e6:F0} MB in {clock.Elapsed.TotalSeconds:F1} s");
    }
}
