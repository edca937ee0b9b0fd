using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class TokenizerFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new TemporaryFolder().With("tokenizer.json", TokenizerText.Llama());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_SpecialTokenNames_GiveTheirIds()
    {
        _folder.With("tokenizer_config.json", """{"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "pad_token": null}""");
        var tokenizer = TextTokenizer.Load(_folder.Path);
        Assert.Equal((1, 2, null, 2), (tokenizer.Bos, tokenizer.Eos, tokenizer.Pad, tokenizer.PadOrEos));
    }

    [Fact]
    public void Load_SpecialTokensMap_FillsWhatTheConfigurationLeavesOut()
    {
        _folder.With("tokenizer_config.json", """{"eos_token": "</s>"}""").With("special_tokens_map.json", """{"eos_token": "<s>", "pad_token": {"content": "<unk>"}}""");
        var tokenizer = TextTokenizer.Load(_folder.Path);
        Assert.Equal((null, 2, 0), (tokenizer.Bos, tokenizer.Eos, tokenizer.Pad));
    }

    [Fact]
    public void Load_IdsOfTheModelConfiguration_CountWhereNoTokenIsNamed()
    {
        // An id beyond the vocabulary (the default of another tokenizer) is none.
        _folder.With("config.json", """{"bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 50256}""").With("generation_config.json", """{"eos_token_id": [2, 1]}""");
        var tokenizer = TextTokenizer.Load(_folder.Path);
        Assert.Equal((1, 2, null), (tokenizer.Bos, tokenizer.Eos, tokenizer.Pad));
    }

    [Theory]
    [InlineData("{}", new[] { 1, 264 })]
    [InlineData("""{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": false}""", new[] { 264 })]
    [InlineData("""{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": true, "add_eos_token": true}""", new[] { 1, 264, 2 })]
    public void EncodeWithSpecials_AddBosAndEos_OverruleThePostProcessor(string config, int[] expected)
    {
        _folder.With("tokenizer_config.json", config);
        Assert.Equal(expected, TextTokenizer.Load(_folder.Path).EncodeWithSpecials("ab"));
    }

    [Fact]
    public void Load_AddedTokensDecoder_AddsTokensThatTokenizerJsonLacks()
    {
        _folder.With("tokenizer_config.json", """{"added_tokens_decoder": {"266": {"content": "<|im_end|>", "special": true}, "0": {"content": "<unk>", "special": true}}, "eos_token": "<|im_end|>"}""");
        var tokenizer = TextTokenizer.Load(_folder.Path);
        Assert.Equal([264, 266], tokenizer.Encode("ab<|im_end|>"));
        Assert.Equal((266, 267), (tokenizer.Eos, tokenizer.VocabularySize));
    }

    [Theory]
    [InlineData("""{"chat_template": "A"}""", "A")]
    [InlineData("""{"chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]}""", "D")]
    [InlineData("{}", null)]
    public void ChatTemplateText_Configuration_HoldsIt(string config, string? expected)
    {
        _folder.With("tokenizer_config.json", config);
        Assert.Equal(expected, TextTokenizer.Load(_folder.Path).ChatTemplateText);
        _folder.With("chat_template.jinja", "J");
        Assert.Equal("J", TextTokenizer.Load(_folder.Path).ChatTemplateText);
    }

    [Fact]
    public void Save_OtherFolder_CarriesTheFilesOverUnchanged()
    {
        _folder.With("tokenizer_config.json", """{ "eos_token" : "</s>" }""").With("model.safetensors", "weights");
        using var target = new TemporaryFolder();
        var tokenizer = TextTokenizer.Load(_folder.Path);
        tokenizer.Save(target.Path);
        tokenizer.Save(_folder.Path);

        Assert.Equal(["tokenizer.json", "tokenizer_config.json"], Directory.GetFiles(target.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var name in (string[])["tokenizer.json", "tokenizer_config.json"])
            Assert.Equal(File.ReadAllBytes(_folder.At(name)), File.ReadAllBytes(target.At(name)));
    }

    [Fact]
    public void Load_OldLayoutWithPrefixSpace_PutsASpaceBeforeTheText()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var folder = new TemporaryFolder();
        File.Copy(TestData.At("tokenizers", "gpt2", "encoder.json"), folder.At("vocab.json"));
        File.Copy(TestData.At("tokenizers", "gpt2", "vocab.bpe"), folder.At("merges.txt"));
        folder.With("tokenizer_config.json", """{"add_prefix_space": true, "eos_token": "<|endoftext|>"}""");
        // " Hello" is 18435 in golden/gpt2_tokens.json.
        Assert.Equal([18435], TextTokenizer.Load(folder.Path).Encode("Hello"));
    }

    [Fact]
    public void Load_MergesFileWithAHash_KeepsItsMerges()
    {
        using var folder = new TemporaryFolder();
        var letters = Enumerable.Range(0, 256).Select(value => ByteLetters.Letter((byte)value).ToString()).Append("##").Select((token, id) => (token, id)).ToDictionary();
        folder.With("vocab.json", System.Text.Json.JsonSerializer.Serialize(letters)).With("merges.txt", "#version: 0.2\n# #\n");
        Assert.Equal([256], TextTokenizer.Load(folder.Path).Encode("##"));
    }
}
