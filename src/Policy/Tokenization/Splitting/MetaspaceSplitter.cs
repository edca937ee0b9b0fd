namespace Rlhf.Policies.Tokenization.Splitting;

/// <summary>Every mark starts a word.</summary>
internal sealed record MetaspaceSplitter(char Mark) : WordSplitter
{
    public override void Split(ReadOnlySpan<char> text, int offset, List<Word> words)
    {
        var start = 0;
        while (start < text.Length)
        {
            var next = text[(start + 1)..].IndexOf(Mark);
            var end = next < 0 ? text.Length : start + 1 + next;
            words.Add(new Word(offset + start, end - start));
            start = end;
        }
    }
}

/// <summary>
/// A run of marks starts a word. Where no merge makes a token with a mark after another character, no merge crosses such a
/// place, so that splitting there changes nothing but lets words be cached.
/// </summary>
internal sealed record MarkRunSplitter(char Mark) : WordSplitter
{
    /// <summary>Whether no token made by these merges holds the mark after another character.</summary>
    public static bool IsExact(char mark, IEnumerable<string> merges)
    {
        foreach (var merge in merges)
        {
            var seenOther = false;
            foreach (var letter in merge)
            {
                if (letter == ' ') continue;
                if (letter != mark) seenOther = true;
                else if (seenOther) return false;
            }
        }

        return true;
    }

    public override void Split(ReadOnlySpan<char> text, int offset, List<Word> words)
    {
        var start = 0;
        while (start < text.Length)
        {
            var end = start;
            while (end < text.Length && text[end] == Mark) end++;
            var next = text[end..].IndexOf(Mark);
            end = next < 0 ? text.Length : end + next;
            words.Add(new Word(offset + start, end - start));
            start = end;
        }
    }
}
