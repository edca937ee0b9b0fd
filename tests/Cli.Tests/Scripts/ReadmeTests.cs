using System.Text.RegularExpressions;

namespace Rlhf.Cli.Tests.Scripts;

/// <summary>
/// Runs every command that README.md prints, one after the other as a reader would, in a folder that looks like the
/// checkout. What takes long is made small or dry by words added at its end; a command that is not listed here fails.
/// </summary>
public sealed partial class ReadmeTests : IDisposable
{
    private const string Small = "sft.epochs=0.05 sft.from_scratch.width=32 sft.from_scratch.layers=2 sft.from_scratch.heads=2 reward.epochs=0.05 ppo.steps=2 ppo.episodes=8 curve.max_prompts=4 curve.samples=2 curve.best_of=2 threads=1";

    /// <summary>How a command begins, and what is added to it; null: it is not run, only looked for.</summary>
    private static readonly (string Start, string? Added)[] s_known =
    [
        ("scripts/demo.sh", Small),
        ("scripts/test.sh", null),
        ("scripts/download.sh", null),
        ("scripts/launch.sh", null), // JobTests start ranks by it
        ("scripts/train.sh", Small + " out=runs/trained"),
        // Files of one's own: the shipped world in their place.
        ("scripts/rlhf sft out=", "sft.model=runs/demo/sft/final sft.data=data/world/sft.parquet sft.epochs=0.02 threads=1"),
        ("scripts/rlhf reward out=", "reward.data=data/world/pairs.parquet reward.epochs=0.05 threads=1"),
        ("scripts/rlhf ppo out=", "ppo.prompts=data/world/prompts.train.parquet ppo.steps=2 ppo.episodes=8 threads=1"),
        ("scripts/rlhf curve runs/own", "curve.prompts=data/world/prompts.eval.parquet curve.max_prompts=4 curve.samples=2 curve.best_of=2 threads=1"),
        ("scripts/rlhf ppo", Small),
        ("scripts/rlhf dpo", Small + " dpo.model=runs/demo/sft/final dpo.epochs=0.01"),
        ("scripts/rlhf sweep", Small + " --dry-run"),
        ("scripts/rlhf study", "--dry-run"),
        ("scripts/rlhf serve", null), // the tests of Web start servers and end them
        ("scripts/rlhf rounds", "--dry-run"),
        ("scripts/rlhf bench", "sizes=[small_a] rows=4 length=8 new_tokens=2 repeats=1 --dry-run"),
        ("scripts/rlhf", ""),
        ("dotnet new console", null), // PackTests make a program of one's own from the packages
        ("dotnet add ../mine package", null),
        ("dotnet nuget add source", null),
        ("scripts/pack.sh", null),
        ("mpirun --hostfile", null), // two-hosts.sh runs ranks on several hosts
        ("sbatch scripts/slurm/", null), // SlurmTests run the batch files
    ];

    private readonly Bash _shell = new();

    public ReadmeTests()
    {
        _shell.Run($$"""
            mkdir scripts && ln -s '{{TestData.Repository}}/data' data && cp '{{TestData.Repository}}'/scripts/*.sh scripts/
            printf '#!/usr/bin/env bash\nexec dotnet %s "$@"\n' '{{AppContext.BaseDirectory}}Rlhf.Cli.dll' > scripts/rlhf
            chmod +x scripts/*
            """);
    }

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Readme_EveryCommand_RunsAsPrinted()
    {
        var commands = Commands().ToArray();
        Assert.Equal("scripts/demo.sh", commands[0]);
        foreach (var command in commands)
        {
            var known = s_known.FirstOrDefault(known => command.StartsWith(known.Start, StringComparison.Ordinal));
            Assert.True(known.Start is not null, $"README prints a command that this test does not know: {command}");
            foreach (var file in command.Split(' ').Where(word => word.StartsWith("scripts/", StringComparison.Ordinal))) Assert.True(File.Exists(Path.Combine(TestData.Repository, file)), command);
            if (known.Added is null) continue;
            var ending = _shell.Run($"{command} {known.Added}");
            Assert.True(ending.Code == 0, $"{command} {known.Added}\n{ending.Error}");
        }
    }

    [Fact]
    public void Readme_EveryFileItLinksTo_IsThere()
    {
        foreach (Match link in Link().Matches(Text()))
            Assert.True(Path.Exists(Path.Combine(TestData.Repository, link.Groups[1].Value)), link.Value);
    }

    [Fact]
    public void Readme_ProgramItPrints_IsTheExample()
    {
        var program = CodeBlock().Matches(Text()).Single(block => block.Groups[1].Value == "csharp").Groups[2].Value;

        Assert.Equal(File.ReadAllText(Path.Combine(TestData.Repository, "examples", "CustomReward", "Program.cs")), program);
        Assert.InRange(program.Split('\n').Length, 1, 50);
    }

    private static string Text() => File.ReadAllText(Path.Combine(TestData.Repository, "README.md"));

    /// <summary>The lines of its code blocks, without their comments.</summary>
    private static IEnumerable<string> Commands() => CodeBlock().Matches(Text()).Where(block => block.Groups[1].Length == 0)
        .SelectMany(block => block.Groups[2].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        .Select(line => Comment().Replace(line, "").Trim()).Where(line => line.Length > 0);

    [GeneratedRegex("^```(\\w*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\s+# .*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\]\(([^)#:]+)\)")]
    private static partial Regex Link();
}
