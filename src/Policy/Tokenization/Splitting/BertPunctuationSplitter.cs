using Rlhf.Policies.Tokenization.Normalizing;

namespace Rlhf.Policies.Tokenization.Splitting;

/// <summary>Every mark of punctuation is a word of its own.</summary>
internal sealed record BertPunctuationSplitter : WordSplitter
{
    public override void Split(ReadOnlySpan<char> text, int offset, List<Word> words)
    {
        int start = 0, at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var length = rune.Utf16SequenceLength;
            if (BertCharacters.IsPunctuation(rune))
            {
                if (at > start) words.Add(new Word(offset + start, at - start));
                words.Add(new Word(offset + at, length));
                start = at + length;
            }

            at += length;
        }

        if (at > start) words.Add(new Word(offset + start, at - start));
    }
}
