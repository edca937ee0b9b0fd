using Rlhf.Foundation;
using Rlhf.Policies.Families;
using Rlhf.Policies.Gguf;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Policies.Tests.Gguf;

/// <summary>What is written holds the model's numbers under the names, and in the layouts, that the format has for them.</summary>
public sealed class GgufExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _tokens;

    public GgufExportTests()
    {
        BpeTrainer.Train(["once upon a time, once more"], new BpeTrainingOptions { VocabularySize = 300, SpecialTokens = ["<s>", "</s>"] }).Save(_folder.Path);
        _folder.With("tokenizer_config.json", """{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": true, "chat_template": "{{ messages }}"}""");
        _tokens = Rlhf.Policies.Tokenization.TextTokenizer.Load(_folder.Path).VocabularySize;
    }

    private TransformerConfig Llama => TransformerConfig.Llama(_tokens + 2, 64, 2, 4, 2, 96, 32);

    [Fact]
    public void Save_Llama_PairsTheNumbersOfTurnedHeads()
    {
        using var model = CausalLm.Create(Llama with { TiedHead = false }, seed: 3);
        var file = Saved(model, GgufType.F32);
        var fused = Expect.Numbers(model.Trunk.Blocks[1].Attention.QueryKeyValue.Weight);
        var queries = file.Numbers("blk.1.attn_q.weight");
        // Head 1 of width 16: its number 1 in pairs is the first of the second half.
        Assert.Equal(fused.Skip((16 + 8) * 64).Take(64), queries.Skip((16 + 1) * 64).Take(64).Select(number => (double)number));
        Assert.Equal(fused.Skip((64 + 32) * 64).Take(32 * 64), file.Numbers("blk.1.attn_v.weight").Select(number => (double)number));
        Assert.Equal([64L, 96L], file.Tensors["blk.0.ffn_up.weight"].Shape);
        Assert.Equal(Expect.Numbers(model.HeadWeight), file.Numbers("output.weight").Select(number => (double)number));
        Assert.Equal("llama", file.Values["general.architecture"]);
        Assert.Equal(2u, file.Values["llama.attention.head_count_kv"]);
    }

    [Theory]
    [InlineData(GgufType.F16, 1e-3)]
    [InlineData(GgufType.Bf16, 8e-3)]
    [InlineData(GgufType.Q8_0, 1e-2)]
    public void Save_NarrowTypes_KeepMatricesWithinTheirPrecisionAndNormsExactly(GgufType type, double tolerance)
    {
        using var model = CausalLm.Create(Llama with { Family = "qwen2", QueryKeyValueBias = true }, seed: 3);
        var file = Saved(model, type);
        var expected = Expect.Numbers(model.Trunk.Embedding).ToArray();
        var largest = expected.Max(Math.Abs);
        Assert.All(expected.Zip(file.Numbers("token_embd.weight")), pair => Assert.Equal(pair.First, pair.Second, tolerance * largest));
        Assert.Equal(0u, file.Tensors["blk.0.attn_norm.weight"].Type);
        Assert.Equal(0u, file.Tensors["blk.0.attn_q.bias"].Type);
        Assert.Equal(type switch { GgufType.F16 => 1u, GgufType.Bf16 => 32u, _ => 7u }, file.Values["general.file_type"]);
    }

    [Fact]
    public void Save_RowsThatAreNoWholeBlocks_AreFloat16()
    {
        using var model = CausalLm.Create(Llama with { Hidden = 100 }, seed: 3);
        var file = Saved(model, GgufType.Q8_0);
        Assert.Equal(1u, file.Tensors["blk.0.ffn_down.weight"].Type);
        Assert.Equal(8u, file.Tensors["blk.0.ffn_up.weight"].Type);
    }

    [Fact]
    public void Save_Gemma3_HoldsNormsWithTheirOne()
    {
        var config = Llama with
        {
            Family = "gemma3_text", Layers = 6, Activation = Activation.GeluTanh, NormPlacement = NormPlacement.Around, NormsAddOne = true, QueryKeyNorm = QueryKeyNorm.PerHead,
            SlidingWindow = 8, WindowLayers = [true, true, true, true, true, false], WindowRotary = new RotaryConfig { Width = 16 }, Rotary = new RotaryConfig { Width = 16, Base = 1e6 },
            EmbeddingScale = 8, AttentionScale = 0.25,
        };
        using var model = CausalLm.Create(config, seed: 3);
        var file = Saved(model, GgufType.F32);
        Assert.All(file.Numbers("blk.5.post_ffw_norm.weight"), number => Assert.Equal(1, number));
        Assert.Equal([16L], file.Tensors["blk.0.attn_k_norm.weight"].Shape);
        Assert.Equal(8u, file.Values["gemma3.attention.sliding_window"]);
        using var other = CausalLm.Create(config with { WindowLayers = [true, false, true, true, true, false] }, seed: 3);
        Assert.Contains("a pattern of windows other than five of six layers", Assert.Throws<RlhfException>(() => Saved(other, GgufType.F32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_Tokenizer_IsThereWithItsRolesAndATokenForEveryRow()
    {
        using var model = CausalLm.Create(TransformerConfig.Gpt2(_tokens + 2, 64, 1, 2, 32), seed: 3);
        var file = Saved(model, GgufType.F32);
        var tokens = (object[])file.Values["tokenizer.ggml.tokens"];
        Assert.Equal(_tokens + 2, tokens.Length);
        Assert.Equal($"[PAD{_tokens + 1}]", tokens[^1]);
        Assert.Equal(("gpt2", "gpt-2", true, false), (file.Values["tokenizer.ggml.model"], file.Values["tokenizer.ggml.pre"], file.Values["tokenizer.ggml.add_bos_token"], file.Values["tokenizer.ggml.add_eos_token"]));
        Assert.Equal("<s>", tokens[(uint)file.Values["tokenizer.ggml.bos_token_id"]]);
        Assert.Equal("{{ messages }}", file.Values["tokenizer.chat_template"]);
        Assert.Equal(3, ((object[])file.Values["tokenizer.ggml.token_type"])[(uint)file.Values["tokenizer.ggml.eos_token_id"]]);
        Assert.Equal([64L, 192L], file.Tensors["blk.0.attn_qkv.weight"].Shape);
        Assert.Contains("position_embd.weight", file.Tensors.Keys);
    }

    [Fact]
    public void Save_FamilyThatReadersDoNotKnow_IsRefused()
    {
        using var model = CausalLm.Create(Llama with { Family = "olmo2", NormPlacement = NormPlacement.Behind, QueryKeyNorm = QueryKeyNorm.Whole }, seed: 3);
        Assert.Contains("models of the type 'olmo2' are not exported to GGUF", Assert.Throws<RlhfException>(() => Saved(model, GgufType.F32)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.At("model.gguf")));
    }

    [Theory]
    [InlineData(1.0, 32)]
    [InlineData(null, 16)]
    public void Save_YarnWithValuesOfItsOwn_IsRefused(double? temperature, double fast)
    {
        using var model = CausalLm.Create(Llama with { Rotary = Llama.Rotary! with { Scaling = RotaryScaling.Yarn, Factor = 4, OriginalContext = 8, AttentionFactor = temperature, BetaFast = fast } }, seed: 3);
        Assert.Contains("YaRN with a temperature or ramps of its own", Assert.Throws<RlhfException>(() => Saved(model, GgufType.F32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_TokenizerThatPutsASpaceBefore_IsRefused()
    {
        var file = _folder.At("tokenizer.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"add_prefix_space\":false", "\"add_prefix_space\":true", StringComparison.Ordinal).Replace("\"add_prefix_space\": false", "\"add_prefix_space\": true", StringComparison.Ordinal));
        using var model = CausalLm.Create(TransformerConfig.Gpt2(_tokens, 64, 1, 2, 32), seed: 3);
        Assert.Contains("the tokenizer rewrites texts", Assert.Throws<RlhfException>(() => Saved(model, GgufType.F32)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private GgufFile Saved(CausalLm model, GgufType type)
    {
        GgufExport.Save(model, _folder.Path, _folder.At("model.gguf"), type);
        return new GgufFile(_folder.At("model.gguf"));
    }
}
