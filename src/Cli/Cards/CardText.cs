using System.Globalization;
using System.Text;
using Rlhf.Cli.Stages;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.TensorFiles;
using Rlhf.Rewards.Models;

namespace Rlhf.Cli.Cards;

/// <summary>The program's part of a card: what the model is, what it was made from and how, what was measured, how to make it again.</summary>
internal static class CardText
{
    /// <param name="model">folder of the model</param>
    /// <param name="run">null for a model that no run here left</param>
    public static string Of(string model, CardRun? run)
    {
        var text = new StringBuilder(Shape(model, run));
        if (run is null) return text.ToString();
        text.Append("\n## Made from\n\n").Append(Line(run));
        text.Append("\n## Method\n\n").Append(Method(run));
        text.Append("\n## Measured\n\n").Append(CardNumbers.Of(model, run));
        return text.Append("\n## How to make it again\n\n").Append(Again(run)).ToString();
    }

    /// <summary>Numbers that its weights hold, by the headers of its files; null where they have none.</summary>
    public static long? Parameters(string model)
    {
        var files = WeightFiles.Find(model);
        if (!files.All(file => file.EndsWith(".safetensors", StringComparison.Ordinal))) return null;
        var sum = 0L;
        foreach (var file in files)
        {
            using var mapped = new MappedFile(file);
            sum += SafetensorsHeader.Read(mapped).Sum(entry => entry.Shape.Aggregate(1L, (product, size) => product * size));
        }

        return sum;
    }

    private static string Shape(string model, CardRun? run)
    {
        var folder = RewardFolder.TokenizerFolder(model);
        var config = ModelFolder.ReadConfig(folder);
        var members = folder == model ? "" : $"An ensemble of {Directory.GetDirectories(model, "member-*").Length} models, each ";
        var size = !AdapterFolder.Holds(folder) && Parameters(folder) is { } count ? string.Create(CultureInfo.InvariantCulture, $" with {count:N0} parameters") : "";
        var what = run?.Stage == StageNames.Reward ? "reward model" : "language model";
        var lead = members.Length > 0 ? members + "a" : "A";
        return $"{lead} {what} of the family {Markdown.Code(config.Family)}{size}: {config.Layers} layers of width {config.Width}, a vocabulary of {config.Vocabulary} tokens, a context of {config.Context}.\n";
    }

    private static string Line(CardRun run)
    {
        var line = run.Line();
        var text = new StringBuilder(Base(line) switch
        {
            { Length: > 0 } start => $"Training began with {Markdown.Code(start)}{(HubOrigin.OfModel(start) is { } id ? $" ([{Markdown.Text(id)}](https://huggingface.co/{id}))" : "")}.\n\n",
            _ => "Training began with random weights.\n\n",
        });
        text.Append(Markdown.Head("stage", "data", "run"));
        foreach (var one in line.Reverse()) text.Append(Markdown.Row(one.Stage, one.Data.Count == 0 ? "not recorded" : string.Join(", ", one.Data.Select(Markdown.Code)), Markdown.Code(one.Folder)));
        return text.ToString();
    }

    /// <summary>The model that a line of runs began with, its latest run first; empty for random weights.</summary>
    public static string Base(IReadOnlyList<CardRun> line) => line[^1].Start;

    private static string Method(CardRun run) =>
        Markdown.Head("", "") + string.Concat(CardMethod.Of(run).Select(one => Markdown.Row(one.Name, Markdown.Code(one.Value))));

    private static string Again(CardRun run)
    {
        var facts = run.Environment;
        var text = new StringBuilder();
        if (facts.Count > 0) text.Append("It was made with ").Append(string.Join(", ", facts.Select(fact => $"{fact.Key} {Markdown.Code(fact.Value)}"))).Append(".\n\n");
        text.Append($"With the recipe below as `recipe.yaml`, and what it names in place, `rlhf {run.Stage} recipe.yaml` runs the stage again: on a CPU with as many threads bit for bit, elsewhere to rounding.\n");
        text.Append("\n<details><summary>recipe.yaml</summary>\n\n").Append(Markdown.Block(Plain(run.Text), "yaml"));
        return text.Append("\n\n</details>\n").ToString();
    }

    /// <summary>A recipe without the comments that explain its keys.</summary>
    private static string Plain(string recipe)
    {
        var lines = recipe.ReplaceLineEndings("\n").Split('\n').Select(line => line.LastIndexOf("  # ", StringComparison.Ordinal) is var comment and > 0 && !line[..comment].Contains('"', StringComparison.Ordinal) ? line[..comment] : line);
        return string.Join('\n', lines.Select(line => line.TrimEnd())).Trim('\n');
    }
}
