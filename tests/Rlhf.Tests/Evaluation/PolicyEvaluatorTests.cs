using Rlhf.Evaluation;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

namespace Rlhf.Tests.Evaluation;

/// <summary>Two transformers with five tokens and responses of at most three: everything about them can be counted out.</summary>
public sealed class PolicyEvaluatorTests : IDisposable
{
    private const int Vocabulary = 5, Longest = 3, Eos = 0;

    private readonly TemporaryFolder _folder = new();
    private readonly TextTokenizer _tokenizer;
    private readonly CausalLm _policy = Model(1), _reference = Model(2);

    public PolicyEvaluatorTests()
    {
        File.WriteAllText(_folder.At("tokenizer.json"), """
            {"added_tokens": [{"id": 0, "content": "<end>", "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}],
             "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
             "model": {"type": "BPE", "vocab": {"<end>": 0, "a": 1, "b": 2, "c": 3, "d": 4}, "merges": []}}
            """);
        File.WriteAllText(_folder.At("tokenizer_config.json"), """{"eos_token": "<end>"}""");
        _tokenizer = TextTokenizer.Load(_folder.Path);
    }

    public void Dispose()
    {
        _policy.Dispose();
        _reference.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.7)]
    public void Evaluate_ModelThatCanBeEnumerated_HasTheTrueKlAndScoreInEveryInterval(double temperature)
    {
        Prompt[] prompts = [.. Enumerable.Range(0, 500).Select(i => new Prompt(i, "ab", [1, 2]))];
        var evaluator = Evaluator(temperature);

        var measured = new EvaluatedPrompts(Enumerable.Range(0, 8).SelectMany(sample => evaluator.Evaluate(_policy, prompts, sample)));

        var truth = Enumerate([1, 2], Longest, temperature);
        var options = new BootstrapOptions();
        var kl = KlSummary.Of(measured.Means(e => e.K1), measured.Means(e => e.K3), measured.Means(e => e.ExactKl), options);
        Assert.True(truth.Kl > 0.3, $"the models are too alike to tell: {truth.Kl}");
        Assert.True(kl.K1.Contains(truth.Kl), $"k1 {kl.K1}, truth {truth.Kl}");
        Assert.True(kl.K3.Contains(truth.Kl), $"k3 {kl.K3}, truth {truth.Kl}");
        Assert.True(kl.Exact.Contains(truth.Kl), $"exact {kl.Exact}, truth {truth.Kl}");
        Assert.True(kl.Agree);
        Assert.True(kl.Exact.StandardError < kl.K1.StandardError / 2, $"exact ±{kl.Exact.StandardError}, k1 ±{kl.K1.StandardError}");
        Assert.InRange(kl.Exact.StandardError, 0, 0.02 * truth.Kl);
        var length = Bootstrap.Mean(measured.Means(e => e.Proxy), options);
        Assert.True(length.Contains(truth.Length), $"length {length}, truth {truth.Length}");
    }

    [Fact]
    public void Evaluate_Batches_DoNotChangeAnEpisode()
    {
        Prompt[] prompts = [.. Enumerable.Range(0, 12).Select(i => new Prompt(i, "x", [1 + i % 4, 1 + i % 3, 2]))];

        var together = Evaluator(1).Evaluate(_policy, prompts, 3);
        var alone = prompts.Select(prompt => Evaluator(1, batch: 1, tokens: 1).Evaluate(_policy, [prompt], 3).Single());

        foreach (var (one, other) in together.Zip(alone))
        {
            Assert.Equal((one.Prompt, one.Sample, one.Response, one.Proxy, one.Ended), (other.Prompt, other.Sample, other.Response, other.Proxy, other.Ended));
            Assert.Equal(one.K1, other.K1, 5);
            Assert.Equal(one.ExactKl, other.ExactKl, 5);
            Assert.Equal(one.Entropy, other.Entropy, 5);
        }
    }

    [Fact]
    public void Evaluate_ReferenceItself_HasNoKl() =>
        Assert.All(Evaluator(1).Evaluate(_reference, [new Prompt(0, "a", [1]), new Prompt(1, "b", [2])], 0), episode => Assert.Equal((0.0, 0.0, 0.0), (episode.K1, episode.K3, episode.ExactKl)));

    [Fact]
    public void Evaluate_FirstSample_KeepsItsTokensForShading()
    {
        var evaluator = Evaluator(1);
        Prompt[] prompts = [.. Enumerable.Range(0, 20).Select(i => new Prompt(i, "a", [1]))];

        var first = evaluator.Evaluate(_policy, prompts, 0);

        Assert.All(first, episode => Assert.Equal((episode.Tokens.Count, episode.K1), (episode.TokenTexts.Count, episode.TokenKl.Sum())));
        Assert.All(first.Where(episode => episode.Ended), episode => Assert.Equal("<end>", episode.TokenTexts[^1]));
        Assert.Contains(first, episode => episode.Ended);
        Assert.All(evaluator.Evaluate(_policy, prompts, 1), episode => Assert.Empty(episode.TokenTexts));
    }

    private PolicyEvaluator Evaluator(double temperature, int batch = 256, int tokens = 16384) => new()
    {
        Reference = _reference,
        Tokenizer = _tokenizer,
        Proxy = new TokenCount(),
        Sampling = new SamplingOptions { Temperature = temperature, MaxNewTokens = Longest },
        Seed = 3,
        BatchSize = batch,
        MicroBatchTokens = tokens,
    };

    /// <summary>KL(policy ‖ reference) of whole responses and the mean number of their tokens, by visiting every response there is.</summary>
    private (double Kl, double Length) Enumerate(int[] tokens, int left, double temperature)
    {
        var (ours, theirs) = (Next(_policy, tokens, temperature), Next(_reference, tokens, temperature));
        double kl = 0, length = 1;
        for (var token = 0; token < Vocabulary; token++)
        {
            var probability = Math.Exp(ours[token]);
            kl += probability * (ours[token] - theirs[token]);
            if (token == Eos || left == 1) continue;
            var rest = Enumerate([.. tokens, token], left - 1, temperature);
            kl += probability * rest.Kl;
            length += probability * rest.Length;
        }

        return (kl, length);
    }

    // Log-probs [V] after some tokens, from the plain logits in double precision.
    private static double[] Next(CausalLm model, int[] tokens, double temperature)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var batch = TokenBatch.RightPadded([tokens], Eos, CPU);
        var logits = model.Logits(model.Trunk.Hidden(batch))[0, tokens.Length - 1].data<float>().ToArray().Select(logit => logit / temperature).ToArray();
        var sum = Math.Log(logits.Sum(Math.Exp));
        return [.. logits.Select(logit => logit - sum)];
    }

    private static CausalLm Model(long seed)
    {
        var shape = TransformerConfig.Gpt2(Vocabulary, width: 16, layers: 2, heads: 2, context: 8);
        return CausalLm.Create(shape with { TiedHead = false, InitializerRange = 0.15, Eos = Eos }, seed);
    }

    private sealed class TokenCount : IScorer
    {
        public string Name => "tokens";

        public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => (double)item.ResponseTokens.Length)];
    }
}
