using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Training;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;

namespace Rlhf.Rewards.Tests.Training;

public sealed class PairTokenizerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tokenizer").FullName;
    private readonly TextTokenizer tokenizer;

    public PairTokenizerTests()
    {
        // Nothing is frequent enough to merge: one token a byte, with the end of text as token 0.
        BpeTrainer.Train(["x"], new BpeTrainingOptions { VocabularySize = 257, MinFrequency = 1000 }).Save(folder);
        tokenizer = TextTokenizer.Load(folder);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Tokenize_ShortPair_IsPromptReplyAndEndOfText()
    {
        var pair = Tokenize(100, OverLong.Truncate, "ab", "c", "de")!;
        Assert.Equal("abc", tokenizer.Decode(pair.Chosen));
        Assert.Equal((4, 5, 2, 3), (pair.Chosen.Length, pair.Rejected.Length, pair.ChosenReply, pair.RejectedReply));
        Assert.Equal((tokenizer.Eos!.Value, tokenizer.Eos.Value), (pair.Chosen[^1], pair.Rejected[^1]));
    }

    [Fact]
    public void Tokenize_LongPrompt_LosesItsBeginningTheSameForBothSides()
    {
        // 6 + 3 tokens into 7: the prompt keeps its last 4.
        var pair = Tokenize(7, OverLong.Truncate, "abcdef", "g", "hi")!;
        Assert.Equal(("cdefg", "cdefhi"), (tokenizer.Decode(pair.Chosen), tokenizer.Decode(pair.Rejected)));
    }

    [Fact]
    public void Tokenize_ReplyThatAloneIsTooLong_LosesItsBeginningAndIsCounted()
    {
        // 5 tokens with the end of text into 4: no prompt is left, and "d" goes too; the other side stays whole.
        var cutter = new PairTokenizer(tokenizer, 4, OverLong.Truncate);
        var pair = cutter.Tokenize(new PreferencePair("abc", "defg", "h"), out _)!;
        Assert.Equal(("efg", "h"), (tokenizer.Decode(pair.Chosen), tokenizer.Decode(pair.Rejected)));
        Assert.Equal((1, 1, 5, 2), (cutter.Truncated, cutter.RepliesCut, pair.ChosenReply, pair.RejectedReply));
    }

    [Fact]
    public void Tokenize_Drop_LeavesOutWhatIsTooLongAndOnlyThat()
    {
        Assert.Null(Tokenize(8, OverLong.Drop, "abcdef", "g", "hi"));
        Assert.NotNull(Tokenize(9, OverLong.Drop, "abcdef", "g", "hi"));
    }

    [Fact]
    public void Tokenize_CutPairs_AreCounted()
    {
        var cutter = new PairTokenizer(tokenizer, 7, OverLong.Truncate);
        foreach (var prompt in new[] { "a", "abcdef", "abcdefghi" }) cutter.Tokenize(new PreferencePair(prompt, "g", "hi"), out _);
        Assert.Equal(2, cutter.Truncated);
    }

    [Fact]
    public void Reply_ThatAlreadyEndsWithTheEndOfText_GetsNoSecondOne()
    {
        var end = tokenizer.IdToToken(tokenizer.Eos!.Value);
        Assert.Equal(ReplyTokens.Reply(tokenizer, "ab"), ReplyTokens.Reply(tokenizer, $"ab{end}"));
    }

    private TokenizedPair? Tokenize(int maxLength, OverLong overLong, string prompt, string chosen, string rejected)
    {
        var pair = new PairTokenizer(tokenizer, maxLength, overLong).Tokenize(new PreferencePair(prompt, chosen, rejected), out var fault);
        Assert.Equal(pair is null, fault is { Kind: DefectKind.TooLong });
        return pair;
    }
}
