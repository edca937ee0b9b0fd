using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

public sealed class GoldenModelTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string, string> Batches => new MatrixTheoryData<string, string>(
        ["gpt2", "llama", "llama_gqa", "llama_gqa_tied", "gpt_neox"], ["batch_plain", "batch_leftpad"]);

    [Theory, MemberData(nameof(Batches))]
    public void Logits_GoldenModel_AreThoseOfTransformers(string name, string batchName)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var golden = new GoldenModel(name);
        using var model = ModelFolder.Load(golden.Folder, CPU);
        var batch = golden.Batch(batchName);
        using var tokens = batch.Tokens();
        var logits = model.Logits(model.Trunk.Hidden(tokens));

        var (expected, mask) = (batch.LogitsOfFirstRows, batch.Mask);
        var sums = logits.to(ScalarType.Float64).sum(-1);
        var absolute = logits.to(ScalarType.Float64).abs().sum(-1);
        for (var b = 0; b < mask.Length; b++)
        {
            for (var s = 0; s < mask[b].Length; s++)
            {
                if (mask[b][s] == 0) continue;
                Assert.Equal(batch.LogitSums[b][s], sums[b, s].item<double>(), 1e-3); // a sum of 101 numbers
                Assert.Equal(batch.LogitAbsoluteSums[b][s], absolute[b, s].item<double>(), 1e-3);
                if (b >= expected.Length) continue;
                var row = logits[b, s].data<float>().ToArray();
                for (var v = 0; v < row.Length; v++) Assert.Equal(expected[b][s][v], row[v], Tolerance);
            }
        }
    }

    [Theory, MemberData(nameof(Batches))]
    public void LogProbsAndLoss_GoldenModel_AreThoseOfTransformers(string name, string batchName)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var golden = new GoldenModel(name);
        using var model = ModelFolder.Load(golden.Folder, CPU);
        var batch = golden.Batch(batchName);
        using var tokens = batch.Tokens();
        var logProbs = NextTokenLogProbs(model, tokens);

        var (sum, count) = (0.0, 0);
        for (var b = 0; b < batch.NextTokenValid.Length; b++)
        {
            for (var s = 0; s < batch.NextTokenValid[b].Length; s++)
            {
                if (batch.NextTokenValid[b][s] == 0) continue;
                var found = logProbs[b, s].item<float>();
                Assert.Equal(batch.NextTokenLogProbs[b][s], found, Tolerance);
                sum -= found;
                count++;
            }
        }

        // With padding, transformers' loss also counts the first token, predicted from a pad.
        if (!tokens.HasPadding) Assert.Equal(batch.Loss, sum / count, Tolerance);
    }

    [Theory, MemberData(nameof(Batches))]
    public void Decode_GreedyWithCache_ContinuesAsTransformersDoes(string name, string batchName)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var golden = new GoldenModel(name);
        using var model = ModelFolder.Load(golden.Folder, CPU);
        var batch = golden.Batch(batchName);
        using var prompts = TokenBatch.RightPadded(batch.Rows, 0, CPU);
        using var cache = new KeyValueCache(model.Trunk, prompts.Count, prompts.Length + 12);

        var last = prompts.Mask.sum(1).sub(1).add(arange(prompts.Count).mul(prompts.Length));
        var hidden = model.Trunk.Prefill(prompts, cache, last).unsqueeze(1);
        var columns = new List<Tensor>();
        for (var i = 0; i < 12; i++)
        {
            var next = model.Logits(hidden).argmax(-1);
            columns.Add(next);
            if (i < 11) hidden = model.Trunk.Decode(next, cache);
        }

        var found = cat(columns, 1).data<long>().ToArray();
        Assert.Equal(batch.Greedy.SelectMany(row => row.Select(id => (long)id)), found);
    }

    [Theory]
    [InlineData("gpt2_hubstyle")]
    [InlineData("gpt2_sharded")]
    public void Logits_OtherLayoutsOfOneModel_AreTheSame(string name)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var golden = new GoldenModel("gpt2");
        using var model = ModelFolder.Load(golden.Folder, CPU);
        using var other = ModelFolder.Load(TestData.At("golden", name), CPU);
        using var tokens = golden.Batch("batch_plain").Tokens();
        var difference = model.Logits(model.Trunk.Hidden(tokens)).sub(other.Logits(other.Trunk.Hidden(tokens))).abs().max();
        Assert.Equal(0, difference.item<float>());
    }

    /// <summary>[B, S − 1]: what each token but the first was given by those before it.</summary>
    internal static Tensor NextTokenLogProbs(CausalLm model, TokenBatch tokens)
    {
        var logits = model.Logits(model.Trunk.Hidden(tokens));
        var predicting = logits.narrow(1, 0, tokens.Length - 1).log_softmax(-1);
        return predicting.gather(2, tokens.Tokens.narrow(1, 1, tokens.Length - 1).unsqueeze(2)).squeeze(2);
    }
}
