using System.Text;
using System.Text.Json.Nodes;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Checkpoints;

public sealed class ModelFolderTests
{
    public static TheoryData<TransformerConfig> Families =>
    [
        TransformerConfig.Gpt2(31, 24, 2, 3, 16),
        TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16),
        TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16) with { TiedHead = false, QueryKeyValueBias = true, Family = "qwen2", Bos = 1, Eos = 2, Pad = 0 },
        TransformerConfig.Llama(31, 24, 2, 3, 3, 40, 16) with { TiedHead = false, Family = "mistral", SlidingWindow = 4 },
        TransformerConfig.Llama(31, 24, 2, 3, 3, 40, 16) with
        {
            Rotary = new RotaryConfig { Width = 8, Base = 500000, Scaling = RotaryScaling.Llama3, Factor = 8, OriginalContext = 16 },
            QueryKeyValueBias = true, AttentionOutputBias = true, FeedForwardBias = true,
        },
        TransformerConfig.Gpt2(31, 24, 2, 3, 16) with
        {
            Family = "gpt_neox", TiedHead = false, ParallelResidual = true, Rotary = new RotaryConfig { Width = 2 }, Hidden = 50, Activation = Activation.Gelu,
        },
        TransformerConfig.Llama(31, 24, 2, 4, 2, 40, 16) with { Family = "qwen3", HeadWidth = 8, Rotary = new RotaryConfig { Width = 8 }, QueryKeyNorm = QueryKeyNorm.PerHead, SlidingWindow = 4, WindowLayers = [false, true] },
        Gemma with { Family = "gemma2", Rotary = new RotaryConfig { Width = 8 }, AttentionCap = 2, LogitCap = 3, AttentionScale = 1 / Math.Sqrt(12) },
        Gemma with
        {
            Family = "gemma3_text", QueryKeyNorm = QueryKeyNorm.PerHead, Rotary = new RotaryConfig { Width = 8, Base = 1e6, Scaling = RotaryScaling.Linear, Factor = 8, OriginalContext = 16 },
            WindowRotary = new RotaryConfig { Width = 8 }, AttentionScale = 1 / Math.Sqrt(8),
        },
        TransformerConfig.Llama(31, 24, 2, 3, 3, 40, 16) with { Family = "smollm3", RotaryLayers = [true, false] },
        TransformerConfig.Llama(31, 24, 2, 3, 3, 40, 16) with
        {
            Family = "phi3", TiedHead = false,
            Rotary = new RotaryConfig { Width = 4, Scaling = RotaryScaling.LongRope, OriginalContext = 8, Factor = 2, ShortFactors = [1, 1.5], LongFactors = [2, 3] },
        },
        TransformerConfig.Llama(31, 24, 2, 3, 3, 40, 16) with { Family = "olmo2", TiedHead = false, NormPlacement = NormPlacement.Behind, QueryKeyNorm = QueryKeyNorm.Whole },
        TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16) with { Family = "granite", AttentionScale = 0.3, EmbeddingScale = 3, ResidualScale = 0.4, LogitDivisor = 0.5 },
        TransformerConfig.Llama(31, 24, 2, 3, 3, 40, 16) with { Family = "stablelm", Norm = Normalization.Layer, QueryKeyValueBias = true, Rotary = new RotaryConfig { Width = 4 } },
    ];

    private static TransformerConfig Gemma => TransformerConfig.Llama(31, 24, 2, 4, 2, 40, 16) with
    {
        HeadWidth = 8, Activation = Activation.GeluTanh, NormPlacement = NormPlacement.Around, NormsAddOne = true, SlidingWindow = 4, WindowLayers = [true, false], EmbeddingScale = Math.Sqrt(24),
    };

    [Theory, MemberData(nameof(Families))]
    public void Save_EveryFamily_ReadsBackBitwiseWithItsConfiguration(TransformerConfig config)
    {
        using var folder = new TemporaryFolder();
        using var model = CausalLm.Create(config, seed: 5);
        ModelFolder.Save(model, folder.At("model"));
        using var loaded = ModelFolder.Load(folder.At("model"), CPU);
        Assert.Equal(config, loaded.Config);
        SameBitwise(model, loaded);
    }

    /// <summary>A chat model ends its turn by another token than its texts; which ones end, generation_config.json may know alone.</summary>
    [Fact]
    public void Load_SeveralTokensThatEnd_KeepsThemAndGenerationStopsAtEach()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using (var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 2, 16) with { Eos = 1, Ends = [7] }, seed: 5)) ModelFolder.Save(model, folder.Path);
        Assert.Equal("[1,7]", JsonNode.Parse(File.ReadAllText(folder.At("config.json")))!["eos_token_id"]!.ToJsonString());
        File.WriteAllText(folder.At("generation_config.json"), """{"eos_token_id": [1, 9, 31]}"""); // of which one is no token

        using var loaded = ModelFolder.Load(folder.Path, CPU);
        Assert.Equal((1, "9 7"), (loaded.Config.Eos, string.Join(' ', loaded.Config.Ends)));
        using (no_grad()) loaded.Trunk.get_parameter("norm.weight")!.zero_();
        using (no_grad()) loaded.Trunk.get_parameter("norm.bias")!.copy_(loaded.HeadWeight[9] * 100);
        var found = new TextGenerator(loaded, eos: 1, pad: 0).Generate([[3, 4]], new SamplingOptions { Temperature = 0, MaxNewTokens = 5 }, [new RandomKey(1, 0, 0, 0)]);
        Assert.Equal((StopReason.Eos, "9"), (found[0].Reason, string.Join(' ', found[0].Tokens)));

        // The tokenizer's end may be another than the first of the model's, which ends a text all the same.
        using (no_grad()) loaded.Trunk.get_parameter("norm.bias")!.copy_(loaded.HeadWeight[1] * 100);
        found = new TextGenerator(loaded, eos: 20, pad: 0).Generate([[3, 4]], new SamplingOptions { Temperature = 0, MaxNewTokens = 5 }, [new RandomKey(1, 0, 0, 0)]);
        Assert.Equal((StopReason.Eos, "1"), (found[0].Reason, string.Join(' ', found[0].Tokens)));

        File.WriteAllText(folder.At("generation_config.json"), """{"eos_token_id": []}""");
        using (var other = ModelFolder.Load(folder.Path, CPU)) Assert.Equal("1 7", string.Join(' ', other.Config.EndTokens));
        Assert.Empty((loaded.Config with { Eos = 50256, Ends = [] }).EndTokens);
        File.WriteAllText(folder.At("generation_config.json"), """{"eos_token_id": """);
        Assert.StartsWith($"{folder.At("generation_config.json")}: not valid JSON", Assert.Throws<RlhfException>(() => ModelFolder.Load(folder.Path, CPU)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_SmallShards_ReadBackBitwise()
    {
        using var folder = new TemporaryFolder();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 3, 16), seed: 5);
        ModelFolder.Save(model, folder.Path, new SaveOptions { MaxShardBytes = 10_000 });
        Assert.True(Directory.GetFiles(folder.Path, "model-*-of-*.safetensors").Length > 2);
        Assert.True(File.Exists(folder.At("model.safetensors.index.json")));
        using var loaded = ModelFolder.Load(folder.Path, CPU);
        SameBitwise(model, loaded);

        ModelFolder.Save(model, folder.Path);
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama_gqa")]
    [InlineData("gpt_neox")]
    public void Save_ModelOfTransformers_HasItsNamesShapesAndNumbers(string name)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = ModelFolder.Load(TestData.At("golden", name), CPU);
        ModelFolder.Save(model, folder.Path);
        var expected = SafetensorsFile.Load(TestData.At("golden", name, "model.safetensors"));
        var found = SafetensorsFile.Load(folder.At("model.safetensors"));
        foreach (var (tensor, value) in expected)
        {
            if (tensor.EndsWith("attn.bias", StringComparison.Ordinal) || tensor.EndsWith("masked_bias", StringComparison.Ordinal) || tensor.EndsWith("inv_freq", StringComparison.Ordinal)) continue;
            Assert.Equal(value.shape, found[tensor].shape);
            Assert.Equal(value.bytes.ToArray(), found[tensor].bytes.ToArray());
        }

        var original = JsonNode.Parse(File.ReadAllText(TestData.At("golden", name, "config.json")))!.AsObject();
        var written = JsonNode.Parse(File.ReadAllText(folder.At("config.json")))!.AsObject();
        foreach (var key in (string[])["architectures", "model_type", "vocab_size", "n_embd", "n_head", "hidden_size", "num_key_value_heads", "intermediate_size", "hidden_act", "activation_function", "rotary_pct", "rms_norm_eps", "layer_norm_eps", "bos_token_id", "eos_token_id"])
        {
            if (original.ContainsKey(key)) Assert.Equal(original[key]?.ToJsonString(), written[key]?.ToJsonString(), ignoreCase: true); // 1e-05, 1E-05
        }
    }

    [Fact]
    public void Save_ChosenType_IsThatOfTheFile()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 3, 16), seed: 5);
        ModelFolder.Save(model, folder.Path, new SaveOptions { Type = ScalarType.BFloat16 });
        Assert.All(SafetensorsFile.Load(folder.At("model.safetensors")).Values, tensor => Assert.Equal(ScalarType.BFloat16, tensor.dtype));
        using var loaded = ModelFolder.Load(folder.Path, CPU, ScalarType.BFloat16);
        Assert.All(loaded.parameters(), parameter => Assert.Equal(ScalarType.BFloat16, parameter.dtype));
    }

    [Fact]
    public void Save_TokenizerFolder_IsCarriedAlong()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        File.WriteAllText(other.At("tokenizer.json"), "{}");
        File.WriteAllText(other.At("merges.txt"), "a b");
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 3, 16), seed: 5);
        ModelFolder.Save(model, folder.Path, new SaveOptions { TokenizerFrom = other.Path });
        Assert.Equal("{}", File.ReadAllText(folder.At("tokenizer.json")));
        Assert.Equal("a b", File.ReadAllText(folder.At("merges.txt")));
    }

    [Fact]
    public void SaveTrunk_ScoreModel_ReadsBackWithItsHead()
    {
        using var folder = new TemporaryFolder();
        using var model = CausalLm.Create(TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16), seed: 5);
        using var score = randn(1, 24);
        ModelFolder.SaveTrunk(model.Trunk, score, folder.Path);
        var loaded = ModelFolder.LoadTrunk(folder.Path, CPU);
        using var trunk = loaded.Trunk;
        Assert.Equal(score.bytes.ToArray(), loaded.Score!.bytes.ToArray());
        SameBitwise(model.Trunk, trunk);
        Assert.Equal("LlamaForSequenceClassification", JsonNode.Parse(File.ReadAllText(folder.At("config.json")))!["architectures"]![0]!.GetValue<string>());
        loaded.Score.Dispose();
    }

    [Fact]
    public void LoadTrunk_LanguageModel_HasNoScore()
    {
        using var folder = new TemporaryFolder();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 3, 16), seed: 5);
        ModelFolder.Save(model, folder.Path);
        var loaded = ModelFolder.LoadTrunk(folder.Path, CPU);
        loaded.Trunk.Dispose();
        Assert.Null(loaded.Score);
    }

    public static TheoryData<string, string> Damages => new()
    {
        { "truncated", "model.safetensors: not a whole safetensors file" },
        { "lfs", "is a Git LFS pointer" },
        { "html", "is a web page" },
        { "empty", "is empty" },
        { "missing", "lack 'transformer.h.1.attn.c_proj.weight'" },
        { "shape", "'transformer.ln_f.bias' has the shape [3], but config.json calls for [24]" },
        { "layers", "'transformer.h.1.ln_1.weight', but config.json gives the model only 1 layers" },
        { "type", "model_type 'bloom' is not supported; supported are gpt2, llama, mistral, qwen2, qwen3, gemma2, gemma3_text, smollm3, phi3, olmo2, granite, stablelm, gpt_neox" },
        { "key", "n_embd is missing" },
        { "number", "n_embd is \"24\"; a whole number is expected" },
        { "json", "not valid JSON" },
        { "noweights", "holds no weights" },
        { "noconfig", "holds no config.json" },
        { "quantized", "the weights are quantized" },
        { "activation", "activation_function is 'mish'" },
        { "escape", "is not the name of a file beside the index" },
        { "shardmissing", "names gone.safetensors, which is not there" },
        { "foreign", "the pickle names os.system" },
    };

    [Theory, MemberData(nameof(Damages))]
    public void Load_DamagedFolder_SaysInOneLineWhatIsWrong(string damage, string expected)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 3, 16), seed: 5);
        ModelFolder.Save(model, folder.Path);
        Damage(folder, damage);
        var error = Assert.Throws<RlhfException>(() => ModelFolder.Load(folder.Path, CPU));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.StartsWith(folder.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_FailureHalfWay_LeavesTheOldModel()
    {
        using var folder = new TemporaryFolder();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 3, 16), seed: 5);
        ModelFolder.Save(model, folder.At("m"));
        var before = Directory.GetFiles(folder.At("m")).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
        using var other = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 3, 16), seed: 6);
        other.Trunk.Blocks[0].FeedForward.Up.Weight.Dispose();
        Assert.ThrowsAny<InvalidOperationException>(() => ModelFolder.Save(other, folder.At("m")));
        Assert.Equal(before, Directory.GetFiles(folder.At("m")).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes));
        Assert.Equal(["m"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("member-1")]
    [InlineData("base")]
    public void WithModelsInside_EnsembleOrAdapter_NamesWhatLoadingReads(string inner)
    {
        using var folder = new TemporaryFolder();
        var ensemble = folder.At("ensemble");
        var read = inner == "base" ? folder.At(inner) : Path.Combine(ensemble, inner);
        foreach (var model in new[] { ensemble, read }) Directory.CreateDirectory(model);
        if (inner == "base")
            File.WriteAllText(Path.Combine(ensemble, "adapter_config.json"), System.Text.Json.JsonSerializer.Serialize(new { peft_type = "LORA", r = 1, lora_alpha = 1, base_model_name_or_path = read }));
        File.WriteAllText(Path.Combine(read, "config.json"), "{}");
        Assert.Equal([ensemble, read], ModelFolder.WithModelsInside(ensemble));
        Assert.Equal(["no such place"], ModelFolder.WithModelsInside("no such place"));
    }

    private static void Damage(TemporaryFolder folder, string damage)
    {
        string weights = folder.At("model.safetensors"), config = folder.At("config.json");
        switch (damage)
        {
            case "truncated": File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^100]); break;
            case "lfs": File.WriteAllText(weights, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"); break;
            case "html": File.WriteAllText(weights, "\n<!DOCTYPE html><html></html>"); break;
            case "empty": File.WriteAllText(weights, ""); break;
            case "missing": Rewrite(weights, state => state.Remove("transformer.h.1.attn.c_proj.weight")); break;
            case "shape": Rewrite(weights, state => state["transformer.ln_f.bias"] = zeros(3)); break;
            case "layers": File.WriteAllText(config, File.ReadAllText(config).Replace("\"n_layer\": 2", "\"n_layer\": 1", StringComparison.Ordinal)); break;
            case "type": Edit(config, json => json["model_type"] = "bloom"); break;
            case "key": Edit(config, json => json.Remove("n_embd")); break;
            case "number": Edit(config, json => json["n_embd"] = "24"); break;
            case "json": File.WriteAllText(config, "{\"model_type\": "); break;
            case "noweights": File.Delete(weights); break;
            case "noconfig": File.Delete(config); break;
            case "quantized": Edit(config, json => json["quantization_config"] = new JsonObject()); break;
            case "activation": Edit(config, json => json["activation_function"] = "mish"); break;
            case "escape": File.Delete(weights); File.WriteAllText(folder.At("model.safetensors.index.json"), """{"weight_map":{"a":"../x.safetensors"}}"""); break;
            case "shardmissing": File.Delete(weights); File.WriteAllText(folder.At("model.safetensors.index.json"), """{"weight_map":{"a":"gone.safetensors"}}"""); break;
            case "foreign":
                File.Delete(weights);
                File.WriteAllBytes(folder.At("pytorch_model.bin"), Encoding.Latin1.GetBytes("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\r\0\0\0little_endian\x88s.\x80\x02" + "cos\nsystem\n."));
                break;
            default: throw new ArgumentOutOfRangeException(nameof(damage));
        }
    }

    /// <summary>What a run wrote has a manifest beside it or a folder above; what the disk changed since then still has its shape.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("policy")]
    public void Load_NumberThatTheDiskChanged_DiffersFromItsChecksum(string inside)
    {
        using var folder = new TemporaryFolder();
        var model = folder.At(inside);
        using (var small = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 3, 16), seed: 5)) ModelFolder.Save(small, model);
        File.WriteAllText(folder.At(CheckpointManifest.FileName), CheckpointManifest.Of(folder.Path, 1, new Dictionary<string, long>(), 0).ToJson());
        using (ModelFolder.Load(model, CPU)) { }
        var weights = Path.Combine(model, "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        bytes[^100] ^= 1;
        File.WriteAllBytes(weights, bytes);

        Assert.Equal($"{weights} differs from its checksum in manifest.json: it was damaged or changed after it was written", Assert.Throws<RlhfException>(() => ModelFolder.Load(model, CPU)).Message);
        File.WriteAllText(folder.At(CheckpointManifest.FileName), """{"name": "another program's"}""");
        using (ModelFolder.Load(model, CPU)) { }
    }

    private static void Rewrite(string path, Action<Dictionary<string, Tensor>> change)
    {
        var state = SafetensorsFile.Load(path);
        change(state);
        SafetensorsFile.Save(path, state);
    }

    private static void Edit(string path, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    private static void SameBitwise(nn.Module expected, nn.Module found)
    {
        var state = found.state_dict();
        Assert.Equal(expected.state_dict().Keys.Order(), state.Keys.Order());
        foreach (var (name, tensor) in expected.state_dict()) Assert.Equal(tensor.bytes.ToArray(), state[name].bytes.ToArray());
    }
}
