using System.Text.Json;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Policies.Tests.Tokenization;

/// <summary>Hugging Face's own tokenizers library reads the files and has to find the same ids; skips where npm cannot fetch it.</summary>
public sealed class OtherSoftwareTests
{
    private const int CannotBeHad = 77;

    private static readonly string[] Strings =
    [
        "", " ", "Once upon a time, there was a little girl named Lily.", "  two  spaces\tand\na line\r\n\n", "don't, we'll, I'VE", "1234567 3.14 x²",
        "naïve café — Ünïcödé", "日本語のテキスト", "🦊 👩‍👩‍👧", "a<|endoftext|>b", "\u0000\u200b\u00a0", "ﬁ Å e\u0301",
    ];

    [Fact]
    public void Save_TrainedTokenizer_GivesHuggingFaceTheSameIds()
    {
        using var folder = new TemporaryFolder();
        BpeTrainer.Train([File.ReadAllText(Path.Combine(TestData.Repository, "docs", "decisions.md")), .. Strings], new BpeTrainingOptions { VocabularySize = 1000 }).Save(folder.Path);
        Same(folder.Path, Strings);
    }

    [Theory]
    [InlineData("tokenizers", "gpt2")]
    [InlineData("models", "stories260K")]
    [InlineData("models", "stories15M")]
    public void Encode_GoldenStrings_HasTheIdsOfHuggingFace(string kind, string name)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        Same(TestData.At(kind, name), [.. Strings, .. JsonSerializer.Deserialize<string[]>(File.ReadAllText(TestData.At("golden", "strings.json")))!]);
    }

    private static void Same(string folder, string[] strings)
    {
        using var scratch = new TemporaryFolder();
        var file = Path.Combine(scratch.Path, "strings.json");
        File.WriteAllText(file, JsonSerializer.Serialize(strings));
        var run = OtherProgram.Run("bash", [Path.Combine(TestData.Repository, "scripts", "node-run.sh"), "Policy.Tests", "encode.mjs", Path.Combine(folder, "tokenizer.json"), file])!;
        Assert.SkipWhen(run.ExitCode == CannotBeHad, run.Errors);
        Assert.True(run.ExitCode == 0, run.Errors);
        var tokenizer = TextTokenizer.Load(folder);
        var rows = JsonSerializer.Deserialize<JsonElement[]>(run.Output)!;
        Assert.Equal(strings.Length, rows.Length);
        for (var i = 0; i < strings.Length; i++)
        {
            Assert.Equal(rows[i].GetProperty("ids").Deserialize<int[]>(), tokenizer.Encode(strings[i]));
            Assert.Equal(rows[i].GetProperty("with_specials").Deserialize<int[]>(), tokenizer.EncodeWithSpecials(strings[i]));
        }
    }
}
