using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

namespace Rlhf.Evaluation;

/// <summary>Samples a policy on the evaluation prompts and measures what it wrote, against a reference and by proxy and gold.</summary>
public sealed class PolicyEvaluator
{
    /// <summary>Keeps the evaluation's random numbers apart from those of training steps.</summary>
    private const long Step = -1;

    public required CausalLm Reference { get; init; }

    public required TextTokenizer Tokenizer { get; init; }

    public required IScorer Proxy { get; init; }

    public IScorer? Gold { get; init; }

    public required SamplingOptions Sampling { get; init; }

    public ulong Seed { get; init; } = 1;

    public int BatchSize { get; init; } = 256;

    public int MicroBatchTokens { get; init; } = 16384;

    /// <summary>One response of the policy to each prompt, the same for the same seed whatever else is evaluated.</summary>
    /// <param name="policy">May be the reference itself.</param>
    /// <param name="prompts">In any number; <see cref="Prompt.Index"/> names their random numbers.</param>
    /// <param name="sample">Which of the prompts' samples.</param>
    public EvaluatedEpisode[] Evaluate(CausalLm policy, IReadOnlyList<Prompt> prompts, int sample)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var episodes = Generate(policy, prompts, sample);
        ScoredText[] texts = [.. episodes.Select(episode => episode.Scored)];
        var (proxy, gold) = (Proxy.Score(texts), Gold?.Score(texts));
        var models = new LanguageActorCritic(policy, null, Sampling.Temperature, EntropyUse.Ignored, Tokenizer.PadOrEos, policy.HeadWeight.device);
        var judged = Likelihoods.Judge(episodes, models, new Reference(Reference, new ReferenceRecipe()), MicroBatchTokens);
        var (numbers, next) = (judged.ToHost(), 0);
        var measured = new EvaluatedEpisode[episodes.Length];
        foreach (var i in judged.Rows)
        {
            var place = new Range(next, next += episodes[i].Response.Length);
            measured[i] = Measured(episodes[i], numbers[0].AsSpan(place), numbers[1].AsSpan(place), numbers[2].AsSpan(place), numbers[3].AsSpan(place)) with { Proxy = proxy[i], Gold = gold?[i] };
        }

        return measured;
    }

    private Episode[] Generate(CausalLm policy, IReadOnlyList<Prompt> prompts, int sample)
    {
        var generator = new TextGenerator(policy, Tokenizer.Eos, Tokenizer.PadOrEos, Sampling.StopStrings.Count > 0 ? Tokenizer : null) { BatchSize = BatchSize };
        RandomKey[] keys = [.. prompts.Select(prompt => new RandomKey(Seed, Step, prompt.Index, sample))];
        return [.. generator.Generate([.. prompts.Select(prompt => prompt.Tokens)], Sampling, keys).Select((completion, i) => new Episode
        {
            Prompt = prompts[i],
            Sample = sample,
            Response = completion.Tokens,
            Text = completion.Text ?? Tokenizer.Decode(completion.Tokens),
            LogProbs = completion.LogProbs,
            Reason = completion.Reason,
        })];
    }

    private EvaluatedEpisode Measured(Episode episode, ReadOnlySpan<float> logProbs, ReadOnlySpan<float> reference, ReadOnlySpan<float> exact, ReadOnlySpan<float> entropy)
    {
        double k1 = 0, k3 = 0, sum = 0, entropies = 0;
        var ratios = new double[logProbs.Length];
        for (var t = 0; t < ratios.Length; t++)
        {
            var ratio = ratios[t] = (double)logProbs[t] - reference[t];
            k1 += ratio;
            k3 += Math.Exp(-ratio) - 1 + ratio;
            sum += exact[t];
            entropies += entropy[t];
        }

        var shown = episode.Sample == 0;   // one of each prompt is enough to look at
        return new EvaluatedEpisode
        {
            Prompt = episode.Prompt.Index,
            Sample = episode.Sample,
            PromptText = episode.Prompt.Text,
            Response = episode.Text,
            Tokens = episode.Response,
            Ended = episode.Ended,
            Proxy = double.NaN,
            K1 = k1,
            K3 = k3,
            ExactKl = sum,
            Entropy = entropies / ratios.Length,
            TokenTexts = shown ? Texts(episode.Response) : [],
            TokenKl = shown ? ratios : [],
        };
    }

    // A special token has no text of its own, but its KL is worth seeing.
    private string[] Texts(int[] tokens)
    {
        var decoder = Tokenizer.ContinueDecoding();
        return [.. tokens.Select(token => Tokenizer.IsSpecial(token) ? Tokenizer.IdToToken(token)! : decoder.Append(token))];
    }
}
