using Rlhf.Foundation;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;

namespace Rlhf.Dpo;

/// <summary>The preferences of a recipe as tokens, split by prompt, and what was left out on the way.</summary>
internal sealed class DpoData
{
    public required IPreferences Train { get; init; }

    public required IPreferences HeldOut { get; init; }

    public required DefectLog Defects { get; init; }

    /// <summary>Pairs or replies that were cut.</summary>
    public required int Truncated { get; init; }

    /// <summary>What about the data as a whole may go wrong; null as a rule.</summary>
    public string? Warning { get; init; }

    public static DpoData Load(DpoRecipe recipe, TextTokenizer tokenizer)
    {
        var log = new DefectLog(recipe.OnDefect);
        var file = new PreferenceFile(recipe.Columns, DialogueForms.Of(recipe.ChatTemplate, tokenizer));
        return recipe.Objective == DpoObjective.Kto ? OfReplies(recipe, tokenizer, file, log) : OfPairs(recipe, tokenizer, file, log);
    }

    private static DpoData OfPairs(DpoRecipe recipe, TextTokenizer tokenizer, PreferenceFile file, DefectLog log)
    {
        var cutter = new PairTokenizer(tokenizer, recipe.MaxLength, recipe.OverLong, leastPrompt: 1);
        var (train, heldOut) = Split(recipe, path => Tokenized(path, file.Pairs(path, log), cutter.Tokenize, pair => pair.Line, log), pair => pair.Pair.Prompt);
        return new DpoData
        {
            Train = new PairPreferences(recipe, Wanted(train, recipe, log), tokenizer.PadOrEos),
            HeldOut = new PairPreferences(recipe, heldOut, tokenizer.PadOrEos),
            Defects = log,
            Truncated = cutter.Truncated,
        };
    }

    private static DpoData OfReplies(DpoRecipe recipe, TextTokenizer tokenizer, PreferenceFile file, DefectLog log)
    {
        var cutter = new ReplyTokenizer(tokenizer, recipe.MaxLength, recipe.OverLong);
        var (train, heldOut) = Split(recipe, path => Tokenized(path, file.Ratings(path, log), cutter.Tokenize, rating => rating.Line, log), rated => rated.Row.Prompt);
        var partners = new ForeignReplies(recipe.MaxLength);
        var good = Wanted(train, recipe, log).Count(rated => rated.Row.IsDesirable);
        return new DpoData
        {
            Train = new RatedPreferences(recipe, partners.Beside(train), tokenizer.PadOrEos),
            HeldOut = new RatedPreferences(recipe, partners.Beside(heldOut), tokenizer.PadOrEos),
            Defects = log,
            Truncated = cutter.Truncated,
            Warning = Balance.Warning(recipe, good, train.Count - good),
        };
    }

    private static (IReadOnlyList<T> Train, IReadOnlyList<T> HeldOut) Split<T>(DpoRecipe recipe, Func<string, IReadOnlyList<T>> read, Func<T, string> prompt)
    {
        var rows = read(recipe.Data);
        if (recipe.EvalData is { } other) return (rows, read(other));
        var sides = rows.ToLookup(row => PromptSplit.IsHeldOut(prompt(row), recipe.EvalShare));
        return ([.. sides[false]], [.. sides[true]]);
    }

    private delegate TTokens? Cutter<TRow, TTokens>(TRow row, out Fault? fault) where TTokens : class;

    private static List<TTokens> Tokenized<TRow, TTokens>(string path, IEnumerable<TRow> rows, Cutter<TRow, TTokens> cut, Func<TRow, long> line, DefectLog log) where TTokens : class
    {
        var kept = new List<TTokens>();
        foreach (var row in rows)
        {
            if (cut(row, out var fault) is { } tokens) kept.Add(tokens);
            else log.Add(new Defect(path, line(row), fault!.Kind, fault.Reason));
        }

        return kept;
    }

    private static IReadOnlyList<T> Wanted<T>(IReadOnlyList<T> train, DpoRecipe recipe, DefectLog log) =>
        train.Count > 0 ? train : throw new RlhfException($"dpo.data: {recipe.Data}: nothing is left to train on; {log}");
}
