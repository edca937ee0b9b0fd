using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Foundation;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.TensorFiles;
using Rlhf.Policies.Tests.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Checkpoints;

public sealed class AdapterFolderTests
{
    private static readonly TransformerConfig Neox = TransformerConfig.Gpt2(31, 24, 2, 3, 16) with
    {
        Family = "gpt_neox", TiedHead = false, ParallelResidual = true, Rotary = new RotaryConfig { Width = 2 }, Hidden = 50, Activation = Activation.Gelu,
    };

    public static TheoryData<TransformerConfig> Families => ModelFolderTests.Families;

    [Theory]
    [InlineData("gpt2", "transformer.h.1.attn.c_attn transformer.h.1.attn.c_proj transformer.h.1.mlp.c_fc transformer.h.1.mlp.c_proj", true)]
    [InlineData("llama", "model.layers.1.mlp.down_proj model.layers.1.mlp.gate_proj model.layers.1.mlp.up_proj model.layers.1.self_attn.k_proj model.layers.1.self_attn.o_proj model.layers.1.self_attn.q_proj model.layers.1.self_attn.v_proj", false)]
    [InlineData("gpt_neox", "gpt_neox.layers.1.attention.dense gpt_neox.layers.1.attention.query_key_value gpt_neox.layers.1.mlp.dense_4h_to_h gpt_neox.layers.1.mlp.dense_h_to_4h", false)]
    public void Save_Family_HasPeftsNamesShapesAndSettings(string family, string modules, bool transposed)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = AdaptedModel.Of(family switch { "gpt2" => TransformerConfig.Gpt2(31, 24, 2, 3, 16), "llama" => TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16), _ => Neox });
        AdapterFolder.Save(model.Trunk, folder.Path);
        var tensors = SafetensorsFile.Load(folder.At("adapter_model.safetensors"));
        Assert.Equal(modules.Split(' ').SelectMany(name => new[] { $"base_model.model.{name}.lora_A.weight", $"base_model.model.{name}.lora_B.weight" }),
            tensors.Keys.Where(name => name.Contains(".1.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.All(tensors, one => Assert.Equal(3, one.Value.shape[one.Key.Contains("lora_A", StringComparison.Ordinal) ? 0 : 1]));

        var config = JsonNode.Parse(File.ReadAllText(folder.At("adapter_config.json")))!;
        Assert.Equal(("LORA", "CAUSAL_LM", 3, 6.0, "none", "base"),
            ((string)config["peft_type"]!, (string)config["task_type"]!, (int)config["r"]!, (double)config["lora_alpha"]!, (string)config["bias"]!, (string)config["base_model_name_or_path"]!));
        Assert.Equal(transposed, (bool)config["fan_in_fan_out"]!);
        Assert.Equal(modules.Split(' ').Select(name => name.Split('.')[^1]).Distinct().Order(), config["target_modules"]!.AsArray().Select(name => (string)name!).Order());
    }

    [Fact]
    public void Save_Neox_WritesQueriesKeysAndValuesHeadByHead()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = AdaptedModel.Of(Neox, AdaptedModel.Recipe with { Targets = ["query_key_value"] });
        AdapterFolder.Save(model.Trunk, folder.Path);
        var ours = model.Trunk.Adapter!.Parts.First().Up;
        var theirs = SafetensorsFile.Load(folder.At("adapter_model.safetensors"))["base_model.model.gpt_neox.layers.0.attention.query_key_value.lora_B.weight"];
        // 3 heads of 8: ours are all queries, all keys, all values; theirs q, k, v of head 0, of head 1, of head 2.
        for (var head = 0; head < 3; head++)
            for (var kind = 0; kind < 3; kind++)
                Expect.Same(ours.narrow(0, kind * 24 + head * 8, 8), theirs.narrow(0, head * 24 + kind * 8, 8));
    }

    [Theory, MemberData(nameof(Families))]
    public void Attach_SavedAdapter_IsBitwiseTheSame(TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = AdaptedModel.Of(config);
        AdapterFolder.Save(model.Trunk, folder.Path);
        using var other = CausalLm.Create(config with { InitializerRange = 0.2 }, seed: 5);
        AdapterFolder.Attach(other, folder.Path);
        Expect.Same(AdaptedModel.Logits(model), AdaptedModel.Logits(other));

        using (no_grad())
            foreach (var part in other.Trunk.Adapter!.Parts) part.Up.zero_();
        AdapterFolder.Restore(other.Trunk, folder.Path);
        Expect.Same(AdaptedModel.Logits(model), AdaptedModel.Logits(other));
    }

    [Fact]
    public void Load_FolderOfAnAdapter_IsItsBaseWithTheAdapterMerged()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = CausalLm.Create(TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16) with { InitializerRange = 0.2 }, seed: 5);
        ModelFolder.Save(model, folder.At("base"));
        AdaptedModel.Stirred(model);
        ModelFolder.Save(model, folder.At("final"));
        var adapter = folder.At(Path.Combine("final", ModelFolder.AdapterName));
        using var merged = ModelFolder.Load(folder.At("final"), CPU);
        Expect.Close(AdaptedModel.Logits(model), AdaptedModel.Logits(merged), 1e-5);

        var error = Assert.Throws<RlhfException>(() => ModelFolder.Load(adapter, CPU));
        Assert.Contains("is an adapter for 'base', which is no folder of a model here", error.Message, StringComparison.Ordinal);
        Rewrite(adapter, config => config["base_model_name_or_path"] = folder.At("base"));
        using var loaded = ModelFolder.Load(adapter, CPU);
        Expect.Same(AdaptedModel.Logits(merged), AdaptedModel.Logits(loaded));
    }

    [Theory]
    [InlineData("peft_type", "\"LOHA\"", "peft_type is 'LOHA'; only LORA is supported")]
    [InlineData("use_dora", "true", "use_dora is true, which is not supported; only false is")]
    [InlineData("rank_pattern", "{\"q_proj\": 2}", "rank_pattern gives modules ranks or scales of their own, which is not supported")]
    [InlineData("r", "4", "lora_A.weight' has the shape [3, 24], but the model and r call for [4, 24]")]
    [InlineData("r", "0", "r is 0; at least 1 is expected")]
    public void Attach_WhatIsNotSupported_IsSaidInOneLine(string key, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        using var model = AdaptedModel.Of(TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16));
        AdapterFolder.Save(model.Trunk, folder.Path);
        Rewrite(folder.Path, config => config[key] = JsonNode.Parse(value));
        using var other = CausalLm.Create(TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16), seed: 5);
        var error = Assert.Throws<RlhfException>(() => AdapterFolder.Attach(other, folder.Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Attach_AdapterOfAnotherFamily_NamesTheTensorThatHasNoPlace()
    {
        using var folder = new TemporaryFolder();
        using var model = AdaptedModel.Of(Neox);
        AdapterFolder.Save(model.Trunk, folder.Path);
        using var other = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 3, 16), seed: 5);
        var error = Assert.Throws<RlhfException>(() => AdapterFolder.Attach(other, folder.Path));
        Assert.Contains("belongs to no module of this gpt2 model", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama_gqa")]
    [InlineData("gpt2")]
    public void Gradients_SavedAdapterInPlainPyTorch_AreTheSame(string name)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = AdaptedModel.Stirred(ModelFolder.Load(TestData.At("golden", name), CPU));
        AdapterFolder.Save(model.Trunk, folder.Path);
        using var tokens = AdaptedModel.Tokens();
        long[][] rows = [.. Enumerable.Range(0, 2).Select(row => tokens.Tokens[row].data<long>().ToArray())];
        var peer = PythonTorch.Peer("lora", TestData.At("golden", name), folder.Path, JsonSerializer.Serialize(rows));

        var loss = AdaptedModel.Loss(model);
        Autograd.Backward(loss);
        Assert.Equal(peer.GetProperty("loss").GetDouble(), loss.item<float>(), 1e-5);
        foreach (var part in model.Trunk.Adapter!.Parts)
        {
            var (down, up) = AdapterFolder.Names(model.Config, part.Module);
            foreach (var (gradient, key) in new[] { (part.Down.grad!, down), (part.Up.grad!, up) })
                Expect.Close(tensor(peer.GetProperty("gradients").GetProperty(key).Deserialize<float[]>()!).view(gradient.shape), gradient, 1e-4);
        }
    }

    private static void Rewrite(string folder, Action<JsonNode> change)
    {
        var path = Path.Combine(folder, "adapter_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }
}
