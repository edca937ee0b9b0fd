namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>What to do with special tokens that stand written out in a text.</summary>
internal enum SpecialTokensInText { AreTokens, AreText }

/// <summary>A stretch of a text: an added token, or (token null) what lies between two.</summary>
internal readonly record struct Segment(int Start, int End, AddedToken? Token);

/// <summary>Finds added tokens in a text: the leftmost match, of these the longest, as `tokenizers` does.</summary>
internal sealed class AddedTokenTrie
{
    private readonly Dictionary<(int Node, char Letter), int> _children = [];
    private readonly List<AddedToken?> _ends = [null];

    public AddedTokenTrie(IEnumerable<AddedToken> tokens)
    {
        foreach (var token in tokens)
        {
            var node = 0;
            foreach (var letter in token.Content)
            {
                if (!_children.TryGetValue((node, letter), out var child))
                {
                    child = _ends.Count;
                    _ends.Add(null);
                    _children[(node, letter)] = child;
                }

                node = child;
            }

            _ends[node] = token;
        }

        _firstLetters = System.Buffers.SearchValues.Create([.. _children.Keys.Where(key => key.Node == 0).Select(key => key.Letter)]);
    }

    private readonly System.Buffers.SearchValues<char> _firstLetters;

    /// <summary>Cuts the text at its tokens; no segment is empty.</summary>
    public List<Segment> Split(string text, SpecialTokensInText specials)
    {
        var segments = new List<Segment>();
        var end = 0;
        for (var place = 0; ;)
        {
            var next = text.AsSpan(place).IndexOfAny(_firstLetters);
            if (next < 0) break;
            place += next;
            if (LongestAt(text, place) is not { } token)
            {
                place++;
                continue;
            }

            var stop = place + token.Content.Length;
            if ((token.Special && specials == SpecialTokensInText.AreText) || (token.SingleWord && !StandsAlone(text, place, stop)))
            {
                place = stop;
                continue;
            }

            var start = place;
            if (token.StripLeft) while (start > end && char.IsWhiteSpace(text[start - 1])) start--;
            if (token.StripRight) while (stop < text.Length && char.IsWhiteSpace(text[stop])) stop++;
            if (start > end) segments.Add(new Segment(end, start, null));
            segments.Add(new Segment(start, stop, token));
            place = end = stop;
        }

        if (end < text.Length) segments.Add(new Segment(end, text.Length, null));
        return segments;
    }

    private static bool StandsAlone(string text, int start, int stop)
        => (start == 0 || !IsWordLetter(text[start - 1])) && (stop == text.Length || !IsWordLetter(text[stop]));

    private static bool IsWordLetter(char letter) => char.IsLetterOrDigit(letter) || letter == '_';

    private AddedToken? LongestAt(string text, int place)
    {
        AddedToken? longest = null;
        var node = 0;
        for (; place < text.Length && _children.TryGetValue((node, text[place]), out node); place++)
            longest = _ends[node] ?? longest;
        return longest;
    }
}
