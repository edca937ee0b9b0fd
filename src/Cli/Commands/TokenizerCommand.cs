using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf tokenizer</c>: trains a byte-level BPE on the texts of data files.</summary>
internal static class TokenizerCommand
{
    private static readonly StageCommand<TokenizerRecipe> s_stage = new(StageNames.Tokenizer, "Trains a byte-level BPE tokenizer on the texts of data files.")
    {
        Examples = ["rlhf tokenizer train recipe.yaml", "rlhf tokenizer train out=runs/mine tokenizer.data=[texts.jsonl] tokenizer.vocabulary_size=8000"],
        Given = recipe => recipe.Tokenizer,
        Decisive = (recipe, section) => recipe.Common() with { Tokenizer = section },
        Check = Check,
        Work = Train,
    };

    public static Command Create() => s_stage.AsCommand() with { Aliases = ["tokenizer train"], Interruption = Interruption.AtOnce };

    public static PipelineStage AsPart() => s_stage.AsPart();

    private static void Check(Recipe recipe, TokenizerRecipe section, CommandContext context)
    {
        foreach (var file in section.Data) Stage.WantFile(file, "tokenizer.data");
    }

    private static void Train(StageWork<TokenizerRecipe> work)
    {
        var (section, run) = (work.Section, work.Run);
        run.Progress.Begin(StageNames.Tokenizer, section.Data.Count, 0);
        var trained = BpeTrainer.Train(Texts(section, run.Progress.Advance), section.ToOptions());
        run.Log(1, new Dictionary<string, double> { ["vocabulary"] = trained.Tokens.Count, ["merges"] = trained.Merges.Count });
        run.Finish(1, trained.Save);
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
