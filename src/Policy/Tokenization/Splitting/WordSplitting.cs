namespace Rlhf.Policies.Tokenization.Splitting;

/// <summary>How a segment of text becomes the words that merges never cross.</summary>
internal sealed record WordSplitting
{
    public static WordSplitting None { get; } = new();

    public SegmentStart Start { get; init; } = SegmentStart.AsIs;

    public IReadOnlyList<WordSplitter> Splitters { get; init; } = [];

    /// <summary>Whether words become bytes in GPT-2's alphabet before they are looked up.</summary>
    public bool ByteLevel { get; init; }

    /// <summary>Cuts a prepared segment; the words are in order, and what a splitter removes is in none.</summary>
    public List<Word> Split(string text)
    {
        var words = new List<Word>();
        if (text.Length == 0) return words;
        words.Add(new Word(0, text.Length));
        foreach (var splitter in Splitters)
        {
            var smaller = new List<Word>(words.Count + text.Length / 4);
            foreach (var word in words) splitter.Split(text.AsSpan(word.Start, word.Length), word.Start, smaller);
            words = smaller;
        }

        return words;
    }
}

/// <summary>A stretch of a text.</summary>
internal readonly record struct Word(int Start, int Length);

/// <summary>Cuts a stretch of text into smaller ones.</summary>
internal abstract record WordSplitter
{
    /// <summary>Appends the words of <paramref name="text"/>, which starts at <paramref name="offset"/> in its segment.</summary>
    public abstract void Split(ReadOnlySpan<char> text, int offset, List<Word> words);
}
