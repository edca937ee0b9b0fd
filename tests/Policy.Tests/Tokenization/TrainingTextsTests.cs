using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class TrainingTextsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_Rows_GivesEveryColumnOfTextAndMessages()
    {
        _folder.With("rows.jsonl", """
            {"id": 7, "prompt": "P", "completion": "C"}
            {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], "prompt": null}
            """);
        Assert.Equal(["P", "C", "Q", "A"], TrainingTexts.Read(_folder.At("rows.jsonl"), []));
    }

    [Fact]
    public void Read_NamedColumns_GivesThese()
    {
        _folder.With("rows.jsonl", """{"prompt": "P", "chosen": [{"role": "user", "content": "Q"}], "completion": "C"}""");
        Assert.Equal(["Q", "P"], TrainingTexts.Read(_folder.At("rows.jsonl"), ["chosen", "prompt"]));
    }

    [Fact]
    public void Read_NoText_SaysWhatToName()
    {
        _folder.With("rows.jsonl", """{"id": 7}""");
        var error = Assert.Throws<RlhfException>(() => TrainingTexts.Read(_folder.At("rows.jsonl"), []).ToList());
        Assert.Contains("holds no text to learn from; name its columns of text as tokenizer.columns", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PlainText_KeepsLineBreaksAndEndsAtParagraphs()
    {
        var paragraph = new string('a', 40_000) + "\n\n";
        _folder.With("text.txt", paragraph + paragraph + "end");
        Assert.Equal([paragraph + paragraph, "end\n"], TrainingTexts.Read(_folder.At("text.txt"), []));
    }

    [Theory]
    [InlineData("data: [a.txt]\nvocabulary_size: 257\nspecial_tokens: [a, b]", "vocabulary_size: found 257; expected at least 258")]
    [InlineData("data: [a.txt]\nspecial_tokens: [a, a]", "special_tokens: found a token twice")]
    [InlineData("data: [a.txt]\nspecial_tokens: [\"\"]", "special_tokens: found an empty token")]
    [InlineData("data: [a.txt]\nmin_frequency: 0", "min_frequency: found 0; expected at least 1")]
    [InlineData("vocabulary_size: 1000", "data: found nothing; expected at least one file")]
    public void Bind_RecipeThatCannotBe_SaysWhatToChange(string yaml, string expected)
    {
        var error = Assert.Throws<RlhfException>(() => RecipeBinder.Bind<TokenizerRecipe>(yaml, "recipe.yaml"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToOptions_EveryKey_ReachesTheTrainer()
    {
        var options = new TokenizerRecipe { VocabularySize = 999, MinFrequency = 7, SpecialTokens = ["<s>"] }.ToOptions();
        Assert.Equal((999, 7, "<s>"), (options.VocabularySize, options.MinFrequency, Assert.Single(options.SpecialTokens)));
    }
}
