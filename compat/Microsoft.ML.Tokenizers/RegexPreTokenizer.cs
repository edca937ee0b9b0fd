using System.Text.RegularExpressions;

namespace Microsoft.ML.Tokenizers;

/// <summary>Words are the matches of a pattern; a special token is a word of its own.</summary>
public sealed class RegexPreTokenizer : PreTokenizer
{
    private readonly Regex _regex;
    private readonly Regex? _special;

    public RegexPreTokenizer(Regex regex, IReadOnlyDictionary<string, int>? specialTokens)
    {
        ArgumentNullException.ThrowIfNull(regex);
        _regex = regex;
        if (specialTokens is { Count: > 0 })
            _special = new Regex(string.Join('|', specialTokens.Keys.Select(Regex.Escape)), RegexOptions.NonBacktracking);
    }

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
    {
        var words = new List<(int Offset, int Length)>();
        var start = 0;
        if (_special is not null)
        {
            foreach (var match in _special.EnumerateMatches(text))
            {
                AddWords(text, start, match.Index, words);
                words.Add((match.Index, match.Length));
                start = match.Index + match.Length;
            }
        }

        AddWords(text, start, text.Length, words);
        return words;
    }

    private void AddWords(ReadOnlySpan<char> text, int start, int end, List<(int Offset, int Length)> words)
    {
        foreach (var match in _regex.EnumerateMatches(text[start..end]))
            words.Add((start + match.Index, match.Length));
    }
}
