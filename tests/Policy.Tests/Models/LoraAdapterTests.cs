using Rlhf.Foundation;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tests.Checkpoints;
using Rlhf.Policies.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

public sealed class LoraAdapterTests
{
    private static readonly TransformerConfig Grouped = TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16);

    public static TheoryData<TransformerConfig> Families => ModelFolderTests.Families;

    [Theory, MemberData(nameof(Families))]
    public void Attach_NewAdapter_ChangesNoLogit(TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(config, seed: 5);
        var before = AdaptedModel.Logits(model);
        LoraAdapter.Attach(model, AdaptedModel.Recipe, seed: 1, baseModel: "");
        Expect.Same(before, AdaptedModel.Logits(model));
    }

    [Fact]
    public void Attach_MatrixA_IsUniformWithinOneOverRootInputs()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 64, 2, 4, 16), seed: 5);
        var adapter = LoraAdapter.Attach(model, new LoraRecipe { Rank = 16, Targets = ["c_fc"] }, seed: 1, baseModel: "");
        var numbers = adapter.Parts.SelectMany(part => Expect.Numbers(part.Down)).ToArray();
        Assert.Equal(2 * 16 * 64, numbers.Length);
        Assert.All(numbers, number => Assert.InRange(number, -0.125, 0.125));
        Assert.Equal(0.125 / Math.Sqrt(3), Math.Sqrt(numbers.Average(number => number * number)), 0.003);
    }

    [Theory, MemberData(nameof(Families))]
    public void Merged_EveryFamily_GivesTheAdaptersLogits(TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        using var model = AdaptedModel.Of(config);
        var adapted = AdaptedModel.Logits(model);
        using var merged = LoraAdapter.Merged(model);
        Assert.Null(merged.Trunk.Adapter);
        Expect.Close(adapted, AdaptedModel.Logits(merged), 1e-5);
        using (model.Trunk.Adapter!.Off()) Assert.True(AdaptedModel.Logits(model).sub(adapted).abs().max().item<float>() > 0.01);
    }

    /// <summary>With W' = W + s·B·A on some rows: dA = s·Bᵀ·dW' and dB = s·dW'·Aᵀ, dW' being the merged model's gradient there.</summary>
    [Theory, MemberData(nameof(Families))]
    public void Gradients_EveryFamily_AreThoseOfTheMergedWeightThroughTheProduct(TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        using var model = AdaptedModel.Of(config);
        using var merged = LoraAdapter.Merged(model);
        Autograd.Backward(AdaptedModel.Loss(model));
        Autograd.Backward(AdaptedModel.Loss(merged));
        var dense = merged.Trunk.Projections().ToDictionary(one => one.Name, one => one.Projection.Weight.grad!);
        foreach (var part in model.Trunk.Adapter!.Parts)
        {
            var gradient = dense[part.Module.Name].narrow(0, part.Module.Start, part.Module.Rows);
            Expect.Close(part.Up.t().matmul(gradient).mul(2), part.Down.grad!, 1e-4);   // s = 6/3
            Expect.Close(gradient.matmul(part.Down.t()).mul(2), part.Up.grad!, 1e-4);
        }
    }

    [Fact]
    public void Step_WithAdapter_LeavesEveryBaseWeightBitwiseAndIsOffAgain()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(Grouped with { TiedHead = false }, seed: 5);
        var weights = model.named_parameters().ToArray();
        var before = weights.Select(one => one.parameter.bytes.ToArray()).ToArray();
        var untouched = AdaptedModel.Logits(model);
        var adapter = LoraAdapter.Attach(model, AdaptedModel.Recipe, seed: 1, baseModel: "");
        using (var optimizer = new ModelOptimizer(model.named_parameters(), new OptimizerOptions { WeightDecay = 0.1 }))
        {
            var first = AdaptedModel.Loss(model).to(ScalarType.Float32).item<float>();
            for (var step = 0; step < 8; step++)
            {
                Autograd.Backward(AdaptedModel.Loss(model));
                optimizer.Step(0.01);
            }

            Assert.True(AdaptedModel.Loss(model).to(ScalarType.Float32).item<float>() < first - 0.1);
        }

        Assert.All(weights.Zip(before), pair => Assert.True(pair.First.parameter.bytes.SequenceEqual(pair.Second), pair.First.name));
        using (adapter.Off()) Expect.Same(untouched, AdaptedModel.Logits(model));
        Assert.NotEqual(Expect.Numbers(untouched), Expect.Numbers(AdaptedModel.Logits(model)));
    }

    [Fact]
    public void Step_BfloatModel_LearnsThroughItsAdapters()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(Grouped, seed: 5).to(ScalarType.BFloat16);
        LoraAdapter.Attach(model, AdaptedModel.Recipe, seed: 1, baseModel: "");
        using var optimizer = new ModelOptimizer(model.named_parameters(), new OptimizerOptions());
        var first = AdaptedModel.Loss(model).to(ScalarType.Float32).item<float>();
        for (var step = 0; step < 8; step++)
        {
            Autograd.Backward(AdaptedModel.Loss(model));
            optimizer.Step(0.01);
        }

        Assert.True(AdaptedModel.Loss(model).to(ScalarType.Float32).item<float>() < first - 0.1);
        using var merged = LoraAdapter.Merged(model);
        Assert.Equal(ScalarType.BFloat16, merged.HeadWeight.dtype);
    }

    [Fact]
    public void Generate_WithAdapter_DrawsWithTheLogProbsOfAForwardPass()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var model = AdaptedModel.Of(Grouped);
        var completion = new TextGenerator(model, null, 0).Generate([[1, 5, 9]], new SamplingOptions { MaxNewTokens = 8 }, [new RandomKey(1, 0, 0, 0)])[0];
        using var tokens = TokenBatch.RightPadded([[1, 5, 9, .. completion.Tokens]], 0, CPU);
        var logProbs = model.Logits(model.Trunk.Hidden(tokens)).log_softmax(-1)[0];
        Expect.Near([.. completion.LogProbs.Select(value => (double)value)], logProbs.narrow(0, 2, 8).gather(1, tensor(completion.Tokens, ScalarType.Int64).unsqueeze(1)), 1e-5);
    }

    [Theory]
    [InlineData("gpt2", "c_proj", "attn.c_proj mlp.c_proj")]
    [InlineData("gpt2", "mlp.c_proj", "mlp.c_proj")]
    [InlineData("gpt_neox", "query_key_value", "attention.query_key_value")]
    public void Chosen_Target_IsEveryModuleWhoseNameEndsInIt(string family, string target, string modules)
    {
        var config = TransformerConfig.Gpt2(31, 24, 1, 3, 16) with { Family = family };
        Assert.Equal(modules.Split(' '), LoraModules.Chosen(config, [target]).Select((ModulePart module) => string.Join('.', module.CheckpointName.Split('.')[^2..])));
    }

    [Theory]
    [InlineData("q_prj", "; did you mean 'q_proj'?")]
    [InlineData("zzzzzzzz", ".")]
    public void Chosen_UnknownTarget_NamesTheModulesThereAre(string target, string hint)
    {
        var error = Assert.Throws<RlhfException>(() => LoraModules.Chosen(Grouped, [target]));
        Assert.Equal($"lora.targets: a llama model has no module '{target}'{hint} It has q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj", error.Message);
    }
}
