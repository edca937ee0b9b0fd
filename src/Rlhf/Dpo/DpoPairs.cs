using Rlhf.Policies;
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

    /// <summary>Pairs whose prompt was cut and of which some is left.</summary>
    public required int Truncated { get; init; }

    public static DpoPairs Load(DpoRecipe recipe, TextTokenizer tokenizer)
    {
        var log = new DefectLog(recipe.OnDefect);
        var file = new PreferenceFile(recipe.Columns, DialogueForms.Of(recipe.ChatTemplate, tokenizer));
        var cutter = new PairTokenizer(tokenizer, recipe.MaxLength, recipe.OverLong);
        var withoutPrompt = 0;
        var rows = Tokenized(recipe.Data);
        var sides = rows.ToLookup(pair => recipe.EvalData is null && PromptSplit.IsHeldOut(pair.Pair.Prompt, recipe.EvalShare));
        TokenizedPair[] train = [.. sides[false]];
        if (train.Length == 0) throw new RlhfException($"dpo.data: {recipe.Data}: no pair is left to train on; {log}");
        return new DpoPairs { Train = train, HeldOut = recipe.EvalData is { } other ? Tokenized(other) : [.. sides[true]], Defects = log, Truncated = cutter.Truncated - withoutPrompt };

        TokenizedPair[] Tokenized(string path)
        {
            var kept = new List<TokenizedPair>();
            foreach (var pair in file.Pairs(path, log))
            {
                var tokens = cutter.Tokenize(pair, out var fault);
                if (tokens is not null && LacksPrompt(tokens))
                {
                    withoutPrompt++;
                    fault = new Fault(DefectKind.TooLong, $"a reply of {Math.Max(tokens.ChosenReply, tokens.RejectedReply)} tokens leaves no room for its prompt within {recipe.MaxLength}");
                }

                if (fault is null) kept.Add(tokens!);
                else log.Add(new Defect(path, pair.Line, fault.Kind, fault.Reason));
            }

            return [.. kept];
        }
    }

    /// <summary>A reply's first token is predicted from the prompt's last; both sides keep the same piece of it.</summary>
    private static bool LacksPrompt(TokenizedPair pair) => pair.Chosen.Length <= pair.ChosenReply;
}
