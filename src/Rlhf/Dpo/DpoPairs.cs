using Rlhf.Foundation;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;

namespace Rlhf.Dpo;

/// <summary>The pairs of a recipe as tokens, split by prompt, and what was left out on the way.</summary>
public sealed class DpoPairs
{
    public required IReadOnlyList<TokenizedPair> Train { get; init; }

    public required IReadOnlyList<TokenizedPair> HeldOut { get; init; }

    public required DefectLog Defects { get; init; }

    /// <summary>Pairs whose prompt was cut.</summary>
    public required int Truncated { get; init; }

    public static DpoPairs Load(DpoRecipe recipe, TextTokenizer tokenizer)
    {
        var log = new DefectLog(recipe.OnDefect);
        var file = new PreferenceFile(recipe.Columns, DialogueForms.Of(recipe.ChatTemplate, tokenizer));
        var cutter = new PairTokenizer(tokenizer, recipe.MaxLength, recipe.OverLong, leastPrompt: 1);
        var rows = Tokenized(recipe.Data);
        var sides = rows.ToLookup(pair => recipe.EvalData is null && PromptSplit.IsHeldOut(pair.Pair.Prompt, recipe.EvalShare));
        TokenizedPair[] train = [.. sides[false]];
        if (train.Length == 0) throw new RlhfException($"dpo.data: {recipe.Data}: no pair is left to train on; {log}");
        TokenizedPair[] heldOut = recipe.EvalData is { } other ? Tokenized(other) : [.. sides[true]];
        return new DpoPairs { Train = train, HeldOut = heldOut, Defects = log, Truncated = cutter.Truncated };

        TokenizedPair[] Tokenized(string path)
        {
            var kept = new List<TokenizedPair>();
            foreach (var pair in file.Pairs(path, log))
            {
                if (cutter.Tokenize(pair, out var fault) is { } tokens) kept.Add(tokens);
                else log.Add(new Defect(path, pair.Line, fault!.Kind, fault.Reason));
            }

            return [.. kept];
        }
    }
}
