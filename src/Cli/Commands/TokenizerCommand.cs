using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf tokenizer</c>: trains a byte-level BPE on the texts of data files.</summary>
internal static class TokenizerCommand
{
    public const string StageName = "tokenizer";

    public static Command Create() => Command.For<Recipe>("tokenizer", "Trains a byte-level BPE tokenizer on the texts of data files.", Run, Check) with
    {
        Aliases = ["tokenizer train"],
        Sections = [StageName],
        Examples = ["rlhf tokenizer train recipe.yaml", "rlhf tokenizer train out=runs/mine tokenizer.data=[texts.jsonl] tokenizer.vocabulary_size=8000"],
    };

    public static int Run(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var section = recipe.Tokenizer!;
        using var machine = Machine.Of(recipe);
        using var run = Stage.Open(Decisive(recipe), StageName, context, machine);
        if (run.IsFinished) return Stage.SayFinished(run, context);
        run.Progress.Begin(StageName, section.Data.Count, 0);
        var trained = BpeTrainer.Train(Texts(section, run.Progress.Advance), section.ToOptions());
        run.Log(1, new Dictionary<string, double> { ["vocabulary"] = trained.Tokens.Count, ["merges"] = trained.Merges.Count });
        run.Finish(1, trained.Save);
        return Stage.SayFinished(run, context);
    }

    /// <summary>What of a recipe decides this stage's run.</summary>
    public static Recipe Decisive(Recipe recipe) => recipe.Common() with { Tokenizer = recipe.Tokenizer };

    public static void Check(Recipe recipe, CommandContext context)
    {
        if (recipe.Tokenizer is not { } section) throw new WrongUsageException("the recipe has no section tokenizer; see rlhf tokenizer --help");
        foreach (var file in section.Data) Stage.WantFile(file, "tokenizer.data");
    }

    private static IEnumerable<string> Texts(TokenizerRecipe section, Action<long, IReadOnlyDictionary<string, double>> advance)
    {
        for (var i = 0; i < section.Data.Count; i++)
        {
            foreach (var text in TrainingTexts.Read(section.Data[i], section.Columns)) yield return text;
            advance(i + 1, new Dictionary<string, double>());
        }
    }
}
