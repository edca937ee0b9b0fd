using System.Text.RegularExpressions;

namespace Rlhf.Cli.Tests.House;

/// <summary>What the documents name is there: sources, tests, scripts, measurements and commands.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] s_documents =
        [.. Directory.GetFiles(TestData.Repository, "*.md").Concat(Directory.GetFiles(Path.Combine(TestData.Repository, "docs"), "*.md"))];

    private static readonly string[] s_files =
    [
        .. new[] { "src", "tests", "benchmarks", "scripts", "data", "examples" }.SelectMany(room => Directory.GetFiles(Path.Combine(TestData.Repository, room), "*", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(TestData.Repository, path)).Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)),
    ];

    [Fact]
    public void Documents_SourcesAndScriptsTheyName_AreThere() => Everything(Source(), name => s_files.Any(file => $"/{file}".EndsWith($"/{name.Replace("../", "", StringComparison.Ordinal)}", StringComparison.Ordinal)));

    [Fact]
    public void Documents_TestsTheyName_AreThere() => Everything(Test(), name => s_files.Any(file => $"/{file}".EndsWith($"/{name}.cs", StringComparison.Ordinal)));

    [Fact]
    public void Documents_CommandsTheyName_AreThere() => Everything(Command(), name => CommandTable.All.Any(command => command.Name.Split(' ')[0] == name));

    [Fact]
    public void Documents_MeasurementsTheyName_AreThere()
    {
        var program = File.ReadAllText(Path.Combine(TestData.Repository, "benchmarks", "Program.cs"));
        Everything(Measurement(), name => program.Contains($"[\"{name}\"]", StringComparison.Ordinal));
    }

    private static void Everything(Regex pattern, Func<string, bool> isThere)
    {
        var named = s_documents.SelectMany(document => pattern.Matches(File.ReadAllText(document)).Select(match => (Document: Path.GetFileName(document), Name: match.Groups[1].Value))).Distinct().ToList();
        Assert.NotEmpty(named);
        Assert.Empty(named.Where(one => !isThere(one.Name)).Select(one => $"{one.Document}: {one.Name}"));
    }

    [GeneratedRegex(@"`([\w./-]+\.(?:cs|sh|py|sbatch))`")]
    private static partial Regex Source();

    [GeneratedRegex(@"`((?:[A-Z]\w+(?:\.Tests)?/)*[A-Z]\w+Tests)[`.]")]
    private static partial Regex Test();

    [GeneratedRegex(@"(?:`|scripts/)rlhf ([a-z][a-z-]*)")]
    private static partial Regex Command();

    [GeneratedRegex(@"--project benchmarks -- ([a-z-]+)")]
    private static partial Regex Measurement();
}
