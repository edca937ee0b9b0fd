using Rlhf.Foundation;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Fused;

/// <summary>A trunk's passes in kernels are those composed of libtorch's operators, for every family, head layout and size.</summary>
[Collection(nameof(KernelRule))]
public sealed class TrunkTests
{
    public static TheoryData<string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var family in new[] { "gpt2", "llama", "qwen2", "mistral", "gpt_neox", "relu" })
                for (var seed = 0; seed < 6; seed++) data.Add(family, seed);
            return data;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void HiddenAt_AnyShape_IsThatOfTheComposedTrunkAndSoAreGradients(string family, int seed)
    {
        using var scope = NewDisposeScope();
        var random = new Random(1000 * seed + family.Length);
        var config = Shape(family, random);
        using var kernels = new CausalLm(config, new RandomParameters(config, seed).Draw);
        using var composed = new CausalLm(config, new RandomParameters(config, seed).Draw);
        Shake(kernels, composed, seed);
        var length = 1 + random.Next(40);
        int[][] rows = [.. Enumerable.Range(0, 1 + random.Next(7)).Select(_ => Enumerable.Range(0, 1 + random.Next(length)).Select(_ => random.Next(config.Vocabulary)).ToArray())];
        using var batch = seed % 2 == 0 ? TokenBatch.RightPadded(rows, 0, CPU) : TokenBatch.LeftPadded(rows, 0, CPU);
        var real = batch.Mask.reshape(-1).nonzero().flatten();
        var places = seed % 3 == 0 ? real : real.index_select(0, tensor(Enumerable.Range(0, (int)real.numel()).Where(_ => random.Next(3) > 0).Append(0).Select(i => (long)i).ToArray()));
        kernels.Trunk.GradientCheckpointing = composed.Trunk.GradientCheckpointing = seed == 4;
        Tensor found = kernels.Trunk.HiddenAt(batch, places), expected;
        using (KernelRule.Suspend()) expected = composed.Trunk.HiddenAt(batch, places);
        Close(expected, found, "hidden states", config);
        using var generator = new Generator((ulong)seed);
        var towards = randn(expected.shape, generator: generator);
        Autograd.Backward(found, towards);
        using (KernelRule.Suspend()) Autograd.Backward(expected, towards);
        foreach (var ((name, a), (_, b)) in composed.Trunk.named_parameters().Zip(kernels.Trunk.named_parameters())) Close(a.grad!, b.grad!, name, config);
    }

    /// <summary>In bfloat16 kernels are nearer to what float32 makes of the same weights than libtorch's operators are, which round whatever one gives to the next.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void HiddenAt_InBFloat16_IsNearerToFloat32ThanTheComposedTrunkAndSoAreGradients(string family, int seed)
    {
        Assert.SkipUnless(KernelRule.ServesModel(CPU, ScalarType.BFloat16), "this processor has no products of bfloat16");
        using var scope = NewDisposeScope();
        var random = new Random(1000 * seed + family.Length);
        var config = Shape(family, random);
        using var kernels = new CausalLm(config, new RandomParameters(config, seed).Draw);
        using var composed = new CausalLm(config, new RandomParameters(config, seed).Draw);
        using var wide = new CausalLm(config, new RandomParameters(config, seed).Draw);
        Shake(kernels, composed, seed);
        kernels.to(ScalarType.BFloat16);
        composed.to(ScalarType.BFloat16);
        using (no_grad())
            foreach (var ((_, a), (_, b)) in kernels.named_parameters().Zip(wide.named_parameters())) b.copy_(a);
        int[][] rows = [.. Enumerable.Range(0, 4 + random.Next(7)).Select(_ => Enumerable.Range(0, 8 + random.Next(30)).Select(_ => random.Next(config.Vocabulary)).ToArray())];
        using var batch = TokenBatch.RightPadded(rows, 0, CPU);
        var places = batch.Mask.reshape(-1).nonzero().flatten();
        kernels.Trunk.GradientCheckpointing = seed == 4;
        Tensor found = kernels.Trunk.HiddenAt(batch, places), exact = wide.Trunk.HiddenAt(batch, places), rounded;
        using (KernelRule.Suspend()) rounded = composed.Trunk.HiddenAt(batch, places);
        Assert.Equal(ScalarType.BFloat16, found.dtype);
        var (mine, theirs) = (new Apart(), new Apart());
        mine.Add(exact, found);
        theirs.Add(exact, rounded);
        using var generator = new Generator((ulong)seed);
        var towards = randn(exact.shape, generator: generator);
        Autograd.Backward(found, towards.to(ScalarType.BFloat16));
        Autograd.Backward(exact, towards);
        using (KernelRule.Suspend()) Autograd.Backward(rounded, towards.to(ScalarType.BFloat16));
        foreach (var (((_, a), (_, b)), (_, c)) in wide.named_parameters().Zip(kernels.named_parameters()).Zip(composed.named_parameters()))
        {
            if (a.grad is null) continue;
            mine.Add(a.grad, b.grad!);
            theirs.Add(a.grad, c.grad!);
        }

        Assert.True(mine.Most < (config.Activation == Activation.Relu ? 0.1 : 0.03), $"{mine.Most:g3} of {config}"); // a slope of 0 or 1 may be the other
        Assert.True(mine.Mean < theirs.Mean, $"{mine.Mean:g3} where libtorch's operators are {theirs.Mean:g3} apart, of {config}");
    }

    [Theory]
    [InlineData(31)]
    [InlineData(-1)]
    public void HiddenAt_TokenBeyondTheVocabulary_IsRefused(int token)
    {
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 2, 16), seed: 5);
        using var batch = TokenBatch.RightPadded([[1, token, 2]], 0, CPU);
        Assert.StartsWith($"token {token} is none of the model's 31", Assert.Throws<RlhfException>(() => model.Trunk.Hidden(batch)).Message, StringComparison.Ordinal);
        Assert.Throws<RlhfException>(() => TokenLogProbs.Selected(zeros(1, 24), model.HeadWeight, tensor((long[])[token]), 1));
        Assert.Throws<RlhfException>(() => TokenLoss.WeightedNll(zeros(1, 24), model.HeadWeight, tensor((long[])[token]), ones(1)));
    }

    [Fact]
    public void Backward_LastNormAlone_LearnsTheSameWithLayersComputedAgain()
    {
        using var scope = NewDisposeScope();
        var again = Gradient(true); // first: passes of the same size share memory
        Expect.Same(Gradient(false), again);

        static Tensor Gradient(bool again)
        {
            using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 2, 16) with { InitializerRange = 0.2 }, seed: 5);
            foreach (var (name, weight) in model.named_parameters()) weight.requires_grad = name.StartsWith("trunk.norm.", StringComparison.Ordinal);
            model.Trunk.GradientCheckpointing = again;
            using var batch = TokenBatch.RightPadded([[1, 5, 9, 2], [3, 3]], 0, CPU);
            Autograd.Backward(model.Trunk.Hidden(batch).pow(2).sum());
            return model.Trunk.get_parameter("norm.weight")!.grad!;
        }
    }

    /// <summary>What learns is what is saved: a product with adapters in bfloat16 reads the weights that a merged model has.</summary>
    [Fact]
    public void HiddenAt_InBFloat16WithAdapters_HasTheBitsOfTheMergedModel()
    {
        Assert.SkipUnless(KernelRule.ServesModel(CPU, ScalarType.BFloat16), "this processor has no products of bfloat16");
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = AdaptedModel.Of(TransformerConfig.Llama(31, 64, 2, 4, 4, 128, 16)).to(ScalarType.BFloat16);
        using var folder = new TemporaryFolder();
        ModelFolder.Save(model, folder.Path);
        using var merged = ModelFolder.Load(folder.Path, CPU, ScalarType.BFloat16);
        using var tokens = AdaptedModel.Tokens();
        Assert.Equal(merged.Trunk.Hidden(tokens).to(ScalarType.Float32).data<float>().ToArray(), model.Trunk.Hidden(tokens).to(ScalarType.Float32).data<float>().ToArray());
    }

    [Fact]
    public void WeightKey_OtherObjectOverTheSameNumbers_IsTheSameUntilTheyChange()
    {
        using var scope = NewDisposeScope();
        var weight = zeros(3);
        var key = WeightKey.Of([weight]);
        Assert.Equal(key, WeightKey.Of([weight.alias()]));
        weight.add_(1);
        Assert.NotEqual(key, WeightKey.Of([weight.alias()]));
        Assert.NotEqual(WeightKey.Of([weight]), WeightKey.Of([weight.clone()]));
    }

    /// <summary>A prompt into a cache, then one token after the other, rows of other lengths beside: what was drawn is what is learnt from.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void Decode_TokenByToken_HasTheBitsOfTheWhole(string family, int seed)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var random = new Random(1000 * seed + family.Length);
        var config = Shape(family, random);
        const int Drawn = 5;
        int[][] rows = [.. Enumerable.Range(0, 1 + random.Next(7)).Select(_ => Enumerable.Range(0, Drawn + 1 + random.Next(config.Context - Drawn)).Select(_ => random.Next(config.Vocabulary)).ToArray())];
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
        {
            if (!KernelRule.ServesModel(CPU, type)) continue;
            using var model = new CausalLm(config, new RandomParameters(config, seed).Draw).to(type);
            using TokenBatch whole = TokenBatch.RightPadded(rows, 0, CPU), prompts = TokenBatch.RightPadded([.. rows.Select(row => row[..^Drawn])], 0, CPU);
            var expected = model.Trunk.HiddenAt(whole, null).view(rows.Length, -1, config.Width);
            using var cache = new KeyValueCache(model.Trunk, rows.Length, whole.Length);
            var hidden = model.Trunk.Prefill(prompts, cache, tensor(rows.Select((row, i) => i * prompts.Length + row.Length - Drawn - 1L).ToArray()));
            for (var token = 0; token <= Drawn; token++)
            {
                for (var i = 0; i < rows.Length; i++)
                    Assert.Equal(Numbers(expected[i, rows[i].Length - Drawn - 1 + token]), Numbers(hidden[i]));
                if (token < Drawn) hidden = model.Trunk.Decode(tensor(rows.Select(row => (long)row[row.Length - Drawn + token]).ToArray()).unsqueeze(1), cache).squeeze(1);
            }
        }

        static float[] Numbers(Tensor x) => x.to(ScalarType.Float32).data<float>().ToArray();
    }

    /// <summary>How far tensors are from others, each as a share of its length.</summary>
    private sealed class Apart
    {
        private readonly List<double> _shares = [];

        public double Most => _shares.Max();

        public double Mean => _shares.Average();

        public void Add(Tensor expected, Tensor found) => _shares.Add(found.to(ScalarType.Float32).sub(expected).norm().ToDouble() / Math.Max(1e-9, expected.norm().ToDouble()));
    }

    private static TransformerConfig Shape(string family, Random random)
    {
        var shared = 1 + random.Next(3);
        var heads = shared * (family is "llama" or "qwen2" or "mistral" ? 1 + random.Next(3) : 1);
        var width = 2 * (2 + random.Next(30));
        var of = new TransformerConfig
        {
            Family = family, Vocabulary = 50, Width = heads * width, Layers = 1 + random.Next(3), Heads = heads, KeyValueHeads = shared, HeadWidth = width,
            Hidden = 8 + random.Next(400), Context = 64, InitializerRange = 0.1,
        };
        var llama = of with
        {
            Activation = Activation.Silu, GatedFeedForward = true, Norm = Normalization.RootMeanSquare, Rotary = new RotaryConfig { Width = width }, QueryKeyValueBias = false,
            AttentionOutputBias = false, FeedForwardBias = false,
        };
        return family switch
        {
            "gpt2" => of,
            "relu" => of with { Activation = Activation.Relu },
            "llama" => llama,
            "qwen2" => llama with { QueryKeyValueBias = true },
            "mistral" => llama with { SlidingWindow = 1 + random.Next(20) },
            _ => of with { Activation = Activation.Gelu, ParallelResidual = true, Rotary = new RotaryConfig { Width = 2 * (1 + random.Next(width / 2)) } },
        };
    }

    // Biases that are not 0 and norms that are not 1, the same in both.
    private static void Shake(CausalLm one, CausalLm other, int seed)
    {
        using var quiet = no_grad();
        using var generator = new Generator((ulong)seed + 5);
        foreach (var ((_, a), (_, b)) in one.named_parameters().Zip(other.named_parameters()))
        {
            a.add_(randn(a.shape, generator: generator).mul_(0.1), Number.Of(1));
            b.copy_(a);
        }
    }

    private static void Close(Tensor expected, Tensor found, string what, TransformerConfig config)
    {
        Assert.Equal(expected.shape, found.shape);
        var bound = 2e-5 * Math.Max(1, expected.abs().max().item<float>());
        var apart = found.sub(expected).abs().max().item<float>();
        Assert.True(apart <= bound, $"{what} of {config} is {apart:g3} apart, more than {bound:g3}");
    }
}
