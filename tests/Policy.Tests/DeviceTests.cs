using Rlhf.Foundation;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tests.Generation;
using Rlhf.Policies.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests;

/// <summary>Models compute the same wherever they are: each test runs on the CPU, and on a GPU where there is one.</summary>
[Trait("Device", "gpu")]
public sealed class DeviceTests
{
    private static readonly int[][] s_rows = [[1, 5, 9, 2, 7, 3, 11, 4], [8, 2, 6], [3, 3, 10, 1, 12]];

    private static readonly Dictionary<string, TransformerConfig> s_shapes = new()
    {
        ["gpt2"] = TransformerConfig.Gpt2(32, 48, 2, 3, 32),
        ["llama"] = TransformerConfig.Llama(32, 48, 2, 6, 2, 80, 32),
        ["window"] = TransformerConfig.Llama(32, 48, 2, 6, 2, 80, 32) with { SlidingWindow = 3 },
    };

    public static TheoryData<string> Devices => ["cpu", "cuda"];

    public static MatrixTheoryData<string, string> DevicesAndShapes => new(["cpu", "cuda"], ["gpt2", "llama", "window"]);

    [Theory, MemberData(nameof(DevicesAndShapes))]
    public void Hidden_PaddedOnEitherSide_IsThatOfEachRowAloneOnTheCpu(string name, string shape)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using CausalLm exact = Model(shape, CPU), model = Model(shape, device);
        using TokenBatch left = TokenBatch.LeftPadded(s_rows, 0, device), right = TokenBatch.RightPadded(s_rows, 0, device);
        Tensor fromLeft = model.Trunk.Hidden(left), fromRight = model.Trunk.Hidden(right);
        for (var i = 0; i < s_rows.Length; i++)
        {
            using var alone = TokenBatch.RightPadded([s_rows[i]], 0, CPU);
            var (expected, length) = (exact.Trunk.Hidden(alone)[0], s_rows[i].Length);
            Expect.Close(expected, fromLeft[i].narrow(0, left.Length - length, length), 2e-5);
            Expect.Close(expected, fromRight[i].narrow(0, 0, length), 2e-5);
        }
    }

    [Theory, MemberData(nameof(DevicesAndShapes))]
    public void LogProbs_AndTheGradientOfEveryWeight_AreThoseOfRowsPaddedBeforeOnTheCpu(string name, string shape)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        using CausalLm exact = Model(shape, CPU), model = Model(shape, device);
        using TokenBatch before = TokenBatch.LeftPadded(s_rows, 0, CPU), behind = TokenBatch.RightPadded(s_rows, 0, device);
        Expect.Close(LogProbs(exact, before), LogProbs(model, behind), 2e-5);
        foreach (var ((parameter, expected), (_, found)) in exact.named_parameters().Zip(model.named_parameters()))
        {
            Assert.True(expected.grad!.abs().max().item<float>() > 0, parameter);
            Expect.Close(expected.grad!, found.grad!, 1e-4);
        }
    }

    [Theory, MemberData(nameof(Devices))]
    public void Hidden_Bfloat16_IsWithinItsRounding(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using CausalLm exact = Model("llama", CPU), narrow = Model("llama", device);
        narrow.to(ScalarType.BFloat16);
        using TokenBatch here = TokenBatch.RightPadded(s_rows[..1], 0, CPU), there = TokenBatch.RightPadded(s_rows[..1], 0, device);
        Expect.Close(exact.Trunk.Hidden(here), narrow.Trunk.Hidden(there), 0.03);
    }

    [Theory]
    [InlineData("cuda", ScalarType.Float32, 1e-5)]
    [InlineData("cpu", ScalarType.BFloat16, 1e-2)]
    [InlineData("cuda", ScalarType.BFloat16, 1e-2)]
    public void AdamW_ThreeClippedSteps_MovesWeightsAsOnTheCpu(string name, ScalarType type, double share)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        using CausalLm exact = Model("gpt2", CPU), model = Model("gpt2", device), start = Model("gpt2", CPU);
        model.to(type);
        var options = new OptimizerOptions { WeightDecay = 0.1, MaxGradientNorm = 0.5 };
        using ModelOptimizer first = new(exact.named_parameters(), options), second = new(model.named_parameters(), options);
        for (var step = 0; step < 3; step++)
        {
            foreach (var ((_, here), (_, there)) in exact.named_parameters().Zip(model.named_parameters()))
            {
                using var generator = new Generator((ulong)(step + here.numel()));
                here.grad = randn(here.shape, generator: generator).bfloat16().to(ScalarType.Float32);
                there.grad = here.grad.to(type, device);
            }

            Expect.Close(first.Step(0.05), second.Step(0.05), 1e-3);
        }

        foreach (var (((_, expected), (_, found)), (_, before)) in exact.named_parameters().Zip(model.named_parameters()).Zip(start.named_parameters()))
        {
            Assert.True(expected.sub(before).abs().max().item<float>() > 0.05);
            Expect.Close(expected, found, share);
        }
    }

    [Theory, MemberData(nameof(DevicesAndShapes))]
    public void Generate_GreedilyAndDrawn_SaysWhatTheCpuSays(string name, string shape)
    {
        var device = Available(name);
        using CausalLm exact = Model(shape, CPU), model = Model(shape, device);
        foreach (var temperature in new[] { 0.0, 1.0 })
        {
            var options = new SamplingOptions { Temperature = temperature, MaxNewTokens = 20 };
            Completion[] Run(CausalLm from, int rows) => new TextGenerator(from, null, 0) { BatchSize = rows }.Generate(s_rows, options, TextGeneratorTests.Keys(s_rows.Length));
            var expected = Run(exact, 64);
            foreach (var rows in new[] { 64, 2 })
            {
                var found = Run(model, rows);
                Assert.Equal(expected.Select(completion => completion.Tokens), found.Select(completion => completion.Tokens));
                foreach (var (wanted, got) in expected.Zip(found)) Assert.All(wanted.LogProbs.Zip(got.LogProbs), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
            }
        }
    }

    [Theory, MemberData(nameof(Devices))]
    public void Generate_LogitsThatAreNoNumbers_IsAnErrorAndTheDeviceGoesOn(string name)
    {
        var device = Available(name);
        using var off = no_grad();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(300, 16, 1, 2, 16) with { TiedHead = false }, seed: 1).to(device);
        model.Trunk.Embedding[9].fill_(float.NaN);
        foreach (var (temperature, topK) in new[] { (1, 0), (1, 3), (0, 0) })
        {
            var options = new SamplingOptions { Temperature = temperature, TopK = topK, MaxNewTokens = 4 };
            Completion[] Run(params int[][] prompts) => new TextGenerator(model, null, 0).Generate(prompts, options, TextGeneratorTests.Keys(prompts.Length));
            var error = Assert.Throws<NotFiniteException>(() => Run([1, 2, 3], [4, 9, 5]));
            Assert.StartsWith("prompt 2: the log-probability of token 1 of the response is not finite (found NaN); the model's weights are damaged", error.Message, StringComparison.Ordinal);
            Assert.Equal(4, Run([1, 2, 3])[0].Tokens.Length);
        }
    }

    [Theory, MemberData(nameof(Devices))]
    public void Save_FromADevice_LoadsThereBitForBit(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = Model("llama", device);
        ModelFolder.Save(model, folder.At("model"));
        using var loaded = ModelFolder.Load(folder.At("model"), device);
        foreach (var ((_, expected), (_, found)) in model.named_parameters().Zip(loaded.named_parameters()))
        {
            Assert.Equal(device.type, found.device_type);
            Expect.Same(expected, found);
        }
    }

    [Theory, MemberData(nameof(Devices))]
    public void TensorFloat32_Allowed_RoundsProductsOfAGpuOnly(string name)
    {
        var device = Available(name);
        Assert.SkipUnless(TensorFloat32.IsWanted, "NVIDIA_TF32_OVERRIDE turns it off");
        using var scope = NewDisposeScope();
        Tensor a = randn(256, 256).to(device), b = randn(256, 256).to(device), exact = a.@double().mm(b.@double());
        Assert.False(TensorFloat32.IsUsed(device, ScalarType.Float32));
        Expect.Close(exact, a.mm(b), 1e-5);
        try
        {
            TensorFloat32.Allow();
            Assert.Equal(name == "cuda", TensorFloat32.IsUsed(device, ScalarType.Float32));
            Assert.False(TensorFloat32.IsUsed(device, ScalarType.BFloat16));
            Expect.Close(exact, a.mm(b), name == "cuda" ? 2e-3 : 1e-5);
        }
        finally
        {
            backends.cuda.matmul.allow_tf32 = false;
        }
    }

    // Products are exact here: TF32 is for programs that ask for it.
    private static Device Available(string name)
    {
        Assert.SkipUnless(name == "cpu" || cuda.is_available(), "there is no GPU");
        Assert.False(backends.cuda.matmul.allow_tf32);
        return new Device(name);
    }

    // Initial weights give a nearly uniform softmax; these do not.
    private static CausalLm Model(string shape, Device device) => CausalLm.Create(s_shapes[shape] with { InitializerRange = 0.2 }, seed: 3).to(device);

    /// <summary>Of all tokens but the first of each row, row after row; their weighted sum goes backward.</summary>
    private static Tensor LogProbs(CausalLm model, TokenBatch batch)
    {
        var next = batch.Length - 1;
        var places = batch.Mask.narrow(1, 0, next).logical_and(batch.Mask.narrow(1, 1, next)).reshape(-1).nonzero().flatten();
        var hidden = model.Trunk.Hidden(batch).narrow(1, 0, next).reshape(-1, model.Config.Width).index_select(0, places);
        var targets = batch.Tokens.narrow(1, 1, next).reshape(-1).index_select(0, places);
        var (logProbs, entropies) = TokenLogProbs.WithEntropy(hidden, model.HeadWeight, targets, 0.9);
        var weights = arange(1, places.shape[0] + 1, ScalarType.Float32, places.device).div(places.shape[0]);
        Autograd.Backward(logProbs.mul(weights).sum().sub(entropies.mul(weights).sum().mul(0.1)));
        return logProbs;
    }
}
