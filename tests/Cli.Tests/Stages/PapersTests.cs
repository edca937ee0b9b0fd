using System.Text.RegularExpressions;
using Rlhf.Dpo;
using Rlhf.Foundation.Recipes;
using Rlhf.Ppo;

namespace Rlhf.Cli.Tests.Stages;

/// <summary>docs/papers.md: what it points to is there, and it leaves no method out.</summary>
public sealed partial class PapersTests
{
    private static readonly string s_text = File.ReadAllText(Path.Combine(TestData.Repository, "docs", "papers.md"));

    /// <summary>Cells of the tables, by row: paper, what it says, keys, file, test, otherwise.</summary>
    private static string[][] Rows => [.. s_text.Split('\n').Where(line => line.StartsWith('|') && !line.StartsWith("|---", StringComparison.Ordinal))
        .Select(line => line.Split('|')[1..^1]).Where(cells => cells is [_, _, _, _, not " test ", ..])];

    [Fact]
    public void Papers_FilesAndTestsTheyName_AreThere()
    {
        Assert.True(Rows.Length > 20);
        foreach (var row in Rows)
        {
            Assert.Equal(6, row.Length);
            Assert.NotEmpty(Ticked(row[3]));
            Assert.NotEmpty(Ticked(row[4]));
            Assert.All(Ticked(row[3]), file => Assert.True(Path.Exists(Path.Combine(TestData.Repository, "src", "Rlhf", file)), file));
            Assert.All(Ticked(row[4]), test => Assert.True(IsTest(test), test));
        }
    }

    [Fact]
    public void Papers_EveryAlgorithmAndObjective_IsNamed()
    {
        string[] keys = [.. Rows.SelectMany(row => Ticked(row[2]))];
        foreach (var algorithm in Enum.GetValues<Algorithm>()) Assert.Contains($"algorithm: {Scalars.Write(algorithm)}", keys);
        foreach (var objective in Enum.GetValues<DpoObjective>()) Assert.Contains(keys, key => key.EndsWith($"objective: {Scalars.Write(objective)}", StringComparison.Ordinal));
    }

    /// <summary>A file of tests, or a folder of them; below tests/Rlhf.Tests or with its project before it.</summary>
    private static bool IsTest(string name) =>
        new[] { "", "Rlhf.Tests" }.Select(project => Path.Combine(TestData.Repository, "tests", project, name)).Any(path => Directory.Exists(path) || File.Exists($"{path}.cs"));

    private static string[] Ticked(string cell) => [.. Tick().Matches(cell).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Tick();
}
