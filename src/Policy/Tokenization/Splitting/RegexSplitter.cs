using System.Text.RegularExpressions;

namespace Rlhf.Policies.Tokenization.Splitting;

/// <summary>What becomes of the matches of a pattern.</summary>
internal enum MatchBehavior { Removed, Isolated, Contiguous, MergedWithPrevious, MergedWithNext }

/// <summary>What counts as a match: the pattern's own, or what lies between them.</summary>
internal enum MatchSense { Pattern, BetweenPatterns }

/// <summary>Splits by a pattern as the `Split` step of tokenizer.json does.</summary>
internal sealed record RegexSplitter(Regex Pattern, MatchBehavior Behavior, MatchSense Sense = MatchSense.Pattern) : WordSplitter
{
    public override void Split(ReadOnlySpan<char> text, int offset, List<Word> words)
    {
        if (AstralShadow.IsNeeded(text))
        {
            SplitShadow(text, offset, words);
            return;
        }

        var pieces = new PieceWriter(words, offset, Behavior, Sense);
        foreach (var match in Pattern.EnumerateMatches(text)) pieces.Add(match.Index, match.Index + match.Length);
        pieces.Finish(text.Length);
    }

    private void SplitShadow(ReadOnlySpan<char> text, int offset, List<Word> words)
    {
        var shadow = new AstralShadow(text);
        var pieces = new PieceWriter(words, offset, Behavior, Sense);
        foreach (var match in Pattern.EnumerateMatches(shadow.Text))
            pieces.Add(shadow.Original(match.Index), shadow.Original(match.Index + match.Length));
        pieces.Finish(text.Length);
    }

    /// <summary>Turns matches and the gaps between them into words.</summary>
    private ref struct PieceWriter(List<Word> words, int offset, MatchBehavior behavior, MatchSense sense)
    {
        private readonly int _first = words.Count;
        private int _end;
        private bool _previousMatched;
        private bool _joinNext;

        public void Add(int start, int end)
        {
            Write(_end, start, sense == MatchSense.BetweenPatterns);
            Write(start, end, sense == MatchSense.Pattern);
            _end = end;
        }

        public void Finish(int length)
        {
            Write(_end, length, sense == MatchSense.BetweenPatterns);
            _end = length;
        }

        private void Write(int start, int end, bool matched)
        {
            if (start == end) return;
            var joins = behavior switch
            {
                MatchBehavior.Contiguous => matched == _previousMatched,
                MatchBehavior.MergedWithPrevious => matched && !_previousMatched,
                MatchBehavior.MergedWithNext => !matched && _joinNext,
                _ => false,
            };
            _previousMatched = matched;
            _joinNext = matched;
            if (matched && behavior == MatchBehavior.Removed) return;

            if (joins && words.Count > _first) words[^1] = words[^1] with { Length = words[^1].Length + end - start };
            else words.Add(new Word(offset + start, end - start));
        }
    }
}
