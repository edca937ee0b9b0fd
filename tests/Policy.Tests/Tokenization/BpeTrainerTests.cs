using System.Diagnostics;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class BpeTrainerTests
{
    [Fact]
    public void Train_SmallText_MergesAsComputedByHand()
    {
        // a a a b d a a a b a c: aa stands 4 times. Then aa a b d aa a b a c: (a,b) and (aa,a) twice, (a,b) has the smaller
        // ids. Then aa ab d aa ab a c: (aa,ab) twice. Then nothing stands twice.
        var trained = BpeTrainer.Train(["aaabdaaabac"], new BpeTrainingOptions { VocabularySize = 400 });

        Assert.Equal(["a a", "a b", "aa ab"], trained.Merges);
        Assert.Equal(["<|endoftext|>", "!", "\""], trained.Tokens.Take(3));
        Assert.Equal(["aa", "ab", "aaab"], trained.Tokens.Skip(257));
    }

    [Fact]
    public void Train_ExampleOfHuggingFaceTokenizers_MakesTheSameMerges()
    {
        // test_train in tokenizers/src/models/bpe/trainer.rs
        string[] texts = ["roses", "are", "are", "red", "voilets", "blue", "BERT", "is", "is", "big", "and", "so", "GPT-2"];

        Assert.Equal(["r e", "a re", "i s"], BpeTrainer.Train(texts, new BpeTrainingOptions { VocabularySize = 300 }).Merges);
    }

    [Theory]
    [InlineData(258, 2, 1)]
    [InlineData(259, 2, 2)]
    [InlineData(400, 2, 3)]
    [InlineData(400, 3, 1)]
    [InlineData(400, 5, 0)]
    public void Train_SizeAndFrequency_BoundTheMerges(int size, int frequency, int merges)
        => Assert.Equal(merges, BpeTrainer.Train(["aaabdaaabac"], new BpeTrainingOptions { VocabularySize = size, MinFrequency = frequency }).Merges.Count);

    [Fact]
    public void Train_OtherOrderOfTexts_GivesTheSameTokenizer()
    {
        string[] texts = ["the cat sat on the mat", "a cat and a dog", "the dog sat", "que será será", "猫が好き 猫"];
        var options = new BpeTrainingOptions { VocabularySize = 300 };

        var forward = BpeTrainer.Train(texts, options);
        var backward = BpeTrainer.Train(texts.Reverse(), options);
        Assert.Equal(forward.Merges, backward.Merges);
        Assert.Equal(forward.Tokens, backward.Tokens);
    }

    [Fact]
    public void Train_SpecialTokenInText_IsNeverPartOfAMerge()
    {
        var options = new BpeTrainingOptions { VocabularySize = 300, SpecialTokens = ["<|endoftext|>", "<|im_start|>"] };
        var trained = BpeTrainer.Train(Enumerable.Repeat("x<|im_start|>y<|endoftext|>", 10), options);

        Assert.Empty(trained.Merges);
    }

    [Fact]
    public void Save_TrainedTokenizer_LoadsAndRoundTrips()
    {
        using var folder = new TemporaryFolder();
        BpeTrainer.Train(["aaabdaaabac"], new BpeTrainingOptions { VocabularySize = 400, SpecialTokens = ["<|end|>", "<|pad|>"] }).Save(folder.Path);
        var tokenizer = TextTokenizer.Load(folder.Path);

        // ids: 2 special tokens, 256 bytes ('!' is 2, 'a' is 66), then aa 258, ab 259, aaab 260
        Assert.Equal([260, 69, 260, 66, 68], tokenizer.Encode("aaabdaaabac"));
        Assert.Equal([258, 67, 0, 1], tokenizer.Encode("aab<|end|><|pad|>"));
        Assert.Equal((0, 0, 0, 261), (tokenizer.Bos, tokenizer.Eos, tokenizer.Pad, tokenizer.VocabularySize));
        Assert.Equal("aab", tokenizer.Decode([258, 67, 0]));
        Assert.Equal("Zażółć 猫🤖\0", tokenizer.Decode(tokenizer.Encode("Zażółć 猫🤖\0")));
    }

    [Fact]
    public void Save_TrainedTokenizer_HasTheLayoutOfTokenizers()
    {
        using var folder = new TemporaryFolder();
        BpeTrainer.Train(["aa aa"], new BpeTrainingOptions { VocabularySize = 258 }).Save(folder.Path);

        using var json = JsonDocument.Parse(File.ReadAllText(folder.At("tokenizer.json")));
        var root = json.RootElement;
        Assert.Equal(
            ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"],
            root.EnumerateObject().Select(member => member.Name));
        Assert.Equal("""{"id":0,"content":"<|endoftext|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}""",
            JsonSerializer.Serialize(root.GetProperty("added_tokens")[0], Relaxed));
        var model = root.GetProperty("model");
        Assert.Equal("BPE", model.GetProperty("type").GetString());
        Assert.Equal(258, model.GetProperty("vocab").EnumerateObject().Count());
        Assert.Equal(188 + 1 + 32, model.GetProperty("vocab").GetProperty("Ġ").GetInt32());
        Assert.Equal("a a", model.GetProperty("merges")[0].GetString());
    }

    [Theory]
    [InlineData(256, 2, "vocabulary_size is 256, expected at least 257")]
    [InlineData(4096, 0, "min_frequency is 0")]
    public void Train_ImpossibleOptions_SaysWhich(int size, int frequency, string expected)
    {
        var error = Assert.Throws<RlhfException>(() => BpeTrainer.Train([], new BpeTrainingOptions { VocabularySize = size, MinFrequency = frequency }));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_TinyStories_CompressesTheTextWithinSeconds()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var text = File.ReadAllText(TestData.At("text", "tinystories.txt"));
        var clock = Stopwatch.StartNew();
        var trained = BpeTrainer.Train([text], new BpeTrainingOptions { VocabularySize = 2048 });
        Assert.True(clock.Elapsed.TotalSeconds < 10, $"training took {clock.Elapsed}");

        using var folder = new TemporaryFolder();
        trained.Save(folder.Path);
        var tokenizer = TextTokenizer.Load(folder.Path);
        var ids = tokenizer.Encode(text);
        Assert.Equal(2048, tokenizer.VocabularySize);
        Assert.True(ids.Length < text.Length / 3.4, $"{text.Length} characters became {ids.Length} tokens");
        Assert.Equal(text, tokenizer.Decode(ids));
    }

    private static JsonSerializerOptions Relaxed { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
