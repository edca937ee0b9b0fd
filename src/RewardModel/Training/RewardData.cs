using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Training;

/// <summary>The rows a reward model is trained and evaluated on, as tokens, and what was left out on the way.</summary>
internal sealed class RewardData
{
    public required IRewardObjective Objective { get; init; }

    /// <summary>Held-out pairs; empty when learning from labels.</summary>
    public required IReadOnlyList<TokenizedPair> HeldOut { get; init; }

    public required int Train { get; init; }

    /// <summary>Held-out items.</summary>
    public required int Eval { get; init; }

    /// <summary>Pairs or texts that were cut to fit.</summary>
    public required int Truncated { get; init; }

    /// <summary>Pairs in which a reply was cut too.</summary>
    public int RepliesCut { get; init; }

    /// <summary>Prompts of the held-out pairs, or of all where none are held out; empty when learning from labels.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    public required DefectLog Defects { get; init; }

    /// <summary>Prompts that stand on both sides although training and evaluation come from two files.</summary>
    public int SharedPrompts { get; init; }

    public static RewardData Load(RewardRecipe recipe, TextTokenizer tokenizer)
    {
        var log = new DefectLog(recipe.OnDefect);
        var file = new PreferenceFile(recipe.Columns, DialogueForms.Of(recipe.ChatTemplate, tokenizer));
        return recipe.LearnFrom == LearnFrom.Preferences ? Pairs(recipe, tokenizer, file, log) : Labels(recipe, tokenizer, file, log);
    }

    private static RewardData Pairs(RewardRecipe recipe, TextTokenizer tokenizer, PreferenceFile file, DefectLog log)
    {
        var cutter = new PairTokenizer(tokenizer, recipe.MaxLength, recipe.OverLong);
        var (train, heldOut) = Split(recipe, path => Tokenized(cutter, file.Pairs(path, log), path, log), pair => pair.Pair.Prompt);
        var seen = train.Select(pair => pair.Pair.Prompt).ToHashSet(StringComparer.Ordinal);
        return new RewardData
        {
            Objective = new PairObjective(train, heldOut, recipe.Loss, tokenizer.PadOrEos),
            HeldOut = heldOut,
            Train = train.Count,
            Eval = heldOut.Count,
            Truncated = cutter.Truncated,
            RepliesCut = cutter.RepliesCut,
            Prompts = [.. (heldOut.Count > 0 ? heldOut : train).Select(pair => pair.Pair.Prompt)],
            Defects = log,
            SharedPrompts = heldOut.Select(pair => pair.Pair.Prompt).Distinct(StringComparer.Ordinal).Count(seen.Contains),
        };
    }

    private static RewardData Labels(RewardRecipe recipe, TextTokenizer tokenizer, PreferenceFile file, DefectLog log)
    {
        var cutter = new LabelTokenizer(tokenizer, recipe.MaxLength);
        var (train, heldOut) = Split(recipe, path => file.Labels(path, log).ToArray(), row => row.Text);
        return new RewardData
        {
            Objective = new LabelObjective([.. train.Select(cutter.Tokenize)], [.. heldOut.Select(cutter.Tokenize)], tokenizer.PadOrEos),
            HeldOut = [],
            Train = train.Count,
            Eval = heldOut.Count,
            Truncated = cutter.Truncated,
            Defects = log,
        };
    }

    private static TokenizedPair[] Tokenized(PairTokenizer cutter, IEnumerable<PreferencePair> pairs, string path, DefectLog log)
    {
        var kept = new List<TokenizedPair>();
        foreach (var pair in pairs)
        {
            if (cutter.Tokenize(pair, out var fault) is { } tokens) kept.Add(tokens);
            else log.Add(new Defect(path, pair.Line, fault!.Kind, fault.Reason));
        }

        return [.. kept];
    }

    private static (IReadOnlyList<T> Train, IReadOnlyList<T> HeldOut) Split<T>(RewardRecipe recipe, Func<string, T[]> read, Func<T, string> prompt)
    {
        var rows = read(recipe.Data);
        if (recipe.EvalData is { } other) return (rows, read(other));
        var sides = rows.ToLookup(row => PromptSplit.IsHeldOut(prompt(row), recipe.EvalShare));
        return ([.. sides[false]], [.. sides[true]]);
    }
}
