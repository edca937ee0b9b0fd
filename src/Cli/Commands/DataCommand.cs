using System.Globalization;
using System.Text.Json;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Sums;
using Rlhf.Rewards.World;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf data</c>: looks at a data file before one trains on it, or makes the shipped world anew.</summary>
internal static class DataCommand
{
    private const int DefectsShown = 20;

    public static Command Create() => Command.For<DataRecipe>("data", "Inspects a data file (schema, lengths, defects), converts it, or makes the shipped data.", Run, Check) with
    {
        Positionals = ["action", "file", "to"],
        Examples =
        [
            "rlhf data inspect pairs.jsonl.gz",
            "rlhf data inspect train.parquet tokenizer=models/gpt2 longest=512 --json",
            "rlhf data inspect pairs.jsonl columns.chosen=better columns.rejected=worse",
            "rlhf data convert pairs.jsonl.gz pairs.parquet",
            "rlhf data convert labels.jsonl pairs.parquet",
            "rlhf data convert reviews.parquet prompts.jsonl columns.prompt=text first_words=6",
            "rlhf data make data/world",
            "rlhf data make data/sums what=sums",
        ],
    };

    private static int Run(DataRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        switch (recipe.Action)
        {
            case DataAction.Make:
                Stage.Write(recipe.File, "file", () => Make(recipe));
                break;
            case DataAction.Convert:
                Convert(recipe, context);
                break;
            default:
                var inspection = Inspect(recipe);
                if (context.Format == OutputFormat.Json) context.Output.WriteLine(JsonSerializer.Serialize(inspection, JsonText.Lines));
                else Print(inspection, context.Output);
                break;
        }

        return 0;
    }

    private static void Make(DataRecipe recipe)
    {
        if (recipe.What == MadeData.Sums) SumBuilder.Write(recipe.File, recipe.Seed ?? SumBuilder.DefaultSeed);
        else WorldBuilder.Write(recipe.File, recipe.Seed ?? WorldBuilder.DefaultSeed);
    }

    private static void Check(DataRecipe recipe, CommandContext context)
    {
        if (recipe.File.Length == 0) throw new WrongUsageException("no file given; expected rlhf data inspect FILE, rlhf data convert FILE TO, or rlhf data make FOLDER");
        if (recipe.Action != DataAction.Make && Directory.Exists(recipe.File)) throw new RlhfException($"{recipe.File}: is a folder; expected a file");
        if (recipe.Action != DataAction.Make && !File.Exists(recipe.File)) throw new RlhfException($"{recipe.File}: no such file; {recipe.Action.ToString().ToLowerInvariant()} reads .jsonl, .json, either with .gz, and .parquet");
        if (recipe.Action == DataAction.Convert && recipe.To is null) throw new WrongUsageException("convert writes another file: rlhf data convert FILE TO");
        if (recipe is { Action: DataAction.Convert, To: { } to }) SamePlace.Refuse(recipe.File, to);
    }

    /// <summary>A row that cannot be read ends it: a copy that lacks rows would be no copy.</summary>
    private static void Convert(DataRecipe recipe, CommandContext context)
    {
        if (LabelledPairs.AreIn(recipe.File))
        {
            var count = LabelledPairs.Write(recipe.To!, LabelBook.Of(LabelFile.Read(recipe.File)).Standing);
            context.Progress.Note($"{recipe.To}: {count} preference pairs");
            return;
        }

        using var writer = RowWriter.Create(recipe.To!);
        foreach (var row in RowReader.Read(recipe.File))
            writer.Write(recipe.FirstWords is { } words ? Prompt(row, recipe.Columns.Prompt, words) : row);
        writer.Commit();
        context.Progress.Note($"{recipe.To}: {writer.Count} rows");
    }

    private static Row Prompt(Row row, string column, int words) =>
        Row.Of(row.Source, row.Line, ("prompt", string.Join(' ', row.Text(column).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(words))));

    private static Inspection Inspect(DataRecipe recipe)
    {
        List<LengthUnit> units = [LengthUnit.Characters];
        if (recipe.Tokenizer is { } folder)
        {
            var tokenizer = TextTokenizer.Load(folder);
            units.Add(new LengthUnit("tokens", text => tokenizer.Encode(text).Length));
        }

        return new DataInspector(recipe.Columns, DialogueForm.Plain, units) { LongestRow = recipe.Longest }.Inspect(recipe.File, new DefectLog());
    }

    private static void Print(Inspection inspection, TextWriter output)
    {
        output.WriteLine($"{inspection.File}: {inspection.Format}, {inspection.Rows} rows of {inspection.Shape}");
        foreach (var column in inspection.Columns)
            output.WriteLine($"  column {column.Name}: {string.Join(", ", column.Holds.Select(kind => $"{kind.Key} {kind.Value}"))}");
        foreach (var (part, units) in inspection.Lengths)
        foreach (var (unit, lengths) in units)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {part} in {unit}: {lengths.Shortest} to {lengths.Longest}, mean {lengths.Mean:0.0}, median {lengths.Median}, 95% within {lengths.Percentile95}"));
        }

        output.WriteLine(inspection.Defects.Count == 0 ? "  no defective rows" : $"  defective rows: {string.Join(", ", inspection.Defects.Select(defect => $"{defect.Key} {defect.Value}"))}");
        foreach (var defect in inspection.DefectiveRows.Take(DefectsShown)) output.WriteLine($"    {defect}");
        if (inspection.DefectiveRows.Count > DefectsShown) output.WriteLine($"    and {inspection.DefectiveRows.Count - DefectsShown} more; --json lists them");
        foreach (var example in inspection.Examples.Take(1))
        foreach (var (part, text) in example)
            output.WriteLine($"  example {part}: {text.ReplaceLineEndings("\\n")}");
    }
}

internal enum DataAction
{
    Inspect,
    Convert,
    Make,
}

/// <summary>What can be made.</summary>
internal enum MadeData
{
    /// <summary>The shipped world: prompts, texts and preferences with a known gold score.</summary>
    World,

    /// <summary>Sums with their right answers, for a verifier.</summary>
    Sums,
}

internal sealed record DataRecipe
{
    [Describe("inspect a file, convert it, or make shipped data in a folder")]
    public DataAction Action { get; init; } = DataAction.Inspect;

    [Describe("the file to inspect (.jsonl, .json, .gz of either, .parquet), or the folder to make")]
    public string File { get; init; } = "";

    [Describe("the file to convert into; its extension names the format")]
    public string? To { get; init; }

    [Describe("converting writes prompts: so many words from the beginning of the prompt column; empty: rows as they are")]
    [AtLeast(1)]
    public int? FirstWords { get; init; }

    [Describe("folder of a tokenizer, for lengths in tokens")]
    public string? Tokenizer { get; init; }

    [Describe("rows longer than this together, in tokens (characters without a tokenizer), count as defects")]
    [AtLeast(1)]
    public int? Longest { get; init; }

    [Describe("names of the columns")]
    public ColumnNames Columns { get; init; } = new();

    [Describe("what is made: world (texts and preferences with a known gold score) or sums (with their answers, for a verifier)")]
    public MadeData What { get; init; } = MadeData.World;

    [Describe("seed of the made data; empty: that of the shipped files")]
    public ulong? Seed { get; init; }
}
