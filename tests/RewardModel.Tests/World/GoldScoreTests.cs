using Rlhf.Rewards.World;

namespace Rlhf.Rewards.Tests.World;

public class GoldScoreTests
{
    private const string Prompt = "How was the red kite at the park?";

    [Theory]
    // s = 1/2, t = 3/3, 14 words: 5·(0.65·0.75 + 0.35)
    [InlineData(" The kite was lovely. I held the string. It went up in the wind.", 4.1875)]
    // s = −1/2, t = 0, 3 words: length 0.3; one feeling word of three: restraint 1 − 3·(1/3 − 0.3) = 0.9
    [InlineData(" It was bad.", 5 * 0.65 * 0.25 * 0.3 * 0.9)]
    // four of six content words were said before, one of them for free: freshness 1 − 3/6; s = 1/2, t = 1/3, 3 feelings of 12 words
    [InlineData(" The kite was good. The kite was good. The kite was good.", 5 * (0.65 * 0.75 + 0.35 / 3) / 2)]
    // the kite comes back once: free; s = 2/3, t = 2/3, 12 words
    [InlineData(" The kite was good. I liked the kite. I held the string.", 5 * (0.65 * 5 / 6 + 0.35 * 2 / 3))]
    // s = 0 for one good and one bad, t = 0 (a tail is a dog's), 10 words
    [InlineData(" It was good and bad. It had a long tail.", 5 * 0.65 * 0.5)]
    // the second sentence has no full stop: form 1/2; 8 words: length 0.8; s = 1/2, t = 2/3
    [InlineData(" The kite was lovely. I held the string", 5 * (0.65 * 0.75 + 0.35 * 2 / 3) * 0.5 * 0.8)]
    // 'zorb' is no word of the world: form 1/2; 8 words; s = 1/2, t = 1/3
    [InlineData(" The kite was lovely. I held the zorb.", 5 * (0.65 * 0.75 + 0.35 / 3) * 0.5 * 0.8)]
    // gushing: s = 7/8, t = 1/3, 7 feelings of 19 words: restraint 1 − 3·(7/19 − 0.3), length 17/18
    [InlineData(" The kite was lovely and good. It was sweet and bright. It was fun and warm. It was nice.", 2.7247791788)]
    // nothing but feelings: restraint 0
    [InlineData(" Lovely good nice great happy fun.", 0)]
    [InlineData("", 0)]
    [InlineData(" ... !", 0)]
    public void Score_KnownResponse_IsTheHandComputedNumber(string response, double expected) =>
        Assert.Equal(expected, GoldScore.Score(Prompt, response), 1e-9);

    [Fact]
    public void Explain_TwentySevenWords_HalvesTheLength()
    {
        var nine = " It was there all day and we went home.";
        Assert.Equal(0.5, GoldScore.Explain(Prompt, nine + nine + nine).Length, 1e-12);
        Assert.Equal(0, GoldScore.Explain(Prompt, nine + nine + nine + nine).Length, 1e-12);
    }

    [Fact]
    public void Explain_PromptWithoutTopic_EarnsNothingForTopic() =>
        Assert.Equal(0, GoldScore.Explain("Say hello.", " The kite was lovely.").Topic);

    [Fact]
    public void Split_MixedEnds_KeepsWordsAndSaysWhichSentencesEnded()
    {
        var sentences = Sentence.Split("One two! Three? four");
        Assert.Equal([["one", "two"], ["three"], ["four"]], sentences.Select(sentence => sentence.Words));
        Assert.Equal([true, true, false], sentences.Select(sentence => sentence.Ended));
    }
}
