using System.Text.RegularExpressions;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Policies.Tokenization.Splitting;

/// <summary>
/// The patterns that tokenizers split by. Those of the common families are compiled ahead; any other is run by the
/// interpreter, which accepts every pattern in bounded memory, with a limit on the time of one match.
/// </summary>
internal static partial class SplitPattern
{
    public const int TimeLimit = 500;

    private const string Gpt2Text = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Llama3Text =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2Text =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [GeneratedRegex(Gpt2Text, RegexOptions.CultureInvariant, TimeLimit)]
    public static partial Regex Gpt2();

    [GeneratedRegex(@"\p{N}", RegexOptions.CultureInvariant, TimeLimit)]
    public static partial Regex Digit();

    [GeneratedRegex(@"\p{N}+", RegexOptions.CultureInvariant, TimeLimit)]
    public static partial Regex Digits();

    [GeneratedRegex(@"\w+|[^\w\s]+", RegexOptions.CultureInvariant, TimeLimit)]
    public static partial Regex WordOrSymbols();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant, TimeLimit)]
    public static partial Regex WhiteSpace();

    [GeneratedRegex(@"[!-/:-@\[-`{-~\p{P}]", RegexOptions.CultureInvariant, TimeLimit)]
    public static partial Regex Punctuation();

    /// <summary>A pattern as tokenizer.json holds it: {"String": …} or {"Regex": …}.</summary>
    public static Regex Read(JsonPlace place)
    {
        if (place.OptionalText("String") is { } text) return Compile(Regex.Escape(text), place);
        var pattern = place.OptionalText("Regex") ?? throw place.Unsupported("""{"String": …} and {"Regex": …}""");
        return pattern switch
        {
            Gpt2Text => Gpt2(),
            Llama3Text => Llama3(),
            Qwen2Text => Qwen2(),
            _ => Compile(OnigurumaPattern.Translate(pattern, place), place),
        };
    }

    private static Regex Compile(string pattern, JsonPlace place)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(TimeLimit));
        }
        catch (RegexParseException error)
        {
            throw new RlhfException($"{place.File}: {place.Key} is not a pattern this program can run: {error.Error} at character {error.Offset}", error);
        }
    }

    [GeneratedRegex(Llama3Text, RegexOptions.CultureInvariant, TimeLimit)]
    public static partial Regex Llama3();

    [GeneratedRegex(Qwen2Text, RegexOptions.CultureInvariant, TimeLimit)]
    public static partial Regex Qwen2();
}
