using Rlhf.Maths;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Scorers;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Collects one batch of episodes: generation, scores, and what policy, reference and critic make of each token.</summary>
public sealed class RolloutCollector(
    PpoRecipe recipe, LanguageActorCritic models, Reference reference, TextGenerator generator, IScorer scorer,
    Func<int[], string> decode, RunningMoments moments, PhaseClock clock, ulong seed, Device device)
{
    /// <param name="prompts">each is answered samples_per_prompt times</param>
    /// <param name="step">names the random numbers, and nothing else</param>
    public Rollout Collect(IReadOnlyList<Prompt> prompts, long step)
    {
        using var off = no_grad();
        var episodes = clock.Measure("generation", () => Generate(prompts, step));
        var raw = clock.Measure("scoring", () => Score(episodes));
        var layout = new TokenLayout([.. episodes.Select(episode => episode.Response.Length)], device);
        var judged = clock.Measure("likelihoods", () => Likelihoods.Of(episodes, layout, models, reference, recipe.MicroBatchTokens));
        return new Rollout(episodes, layout)
        {
            RawScores = raw,
            Scores = tensor(Array.ConvertAll(Rewarded(raw, episodes), score => (float)score), device: device),
            LogProbs = judged.LogProbs,
            ReferenceLogProbs = judged.ReferenceLogProbs,
            ExactKl = judged.ExactKl,
            Entropy = judged.Entropy,
            Values = judged.Values,
            Bootstrap = recipe.BootstrapTruncated ? ValuesBehind(episodes) : null,
        };
    }

    private Episode[] Generate(IReadOnlyList<Prompt> prompts, long step)
    {
        Prompt[] asked = [.. prompts.SelectMany(prompt => Enumerable.Repeat(prompt, recipe.SamplesPerPrompt))];
        RandomKey[] keys = [.. asked.Select((prompt, i) => new RandomKey(seed, step, prompt.Index, i % recipe.SamplesPerPrompt))];
        var completions = generator.Generate([.. asked.Select(prompt => prompt.Tokens)], recipe.Sampling, keys);
        return [.. completions.Select((completion, i) => new Episode
        {
            Prompt = asked[i],
            Sample = i % recipe.SamplesPerPrompt,
            Response = completion.Tokens,
            Text = completion.Text ?? decode(completion.Tokens),
            LogProbs = completion.LogProbs,
            Reason = completion.Reason,
        })];
    }

    private double[] Score(Episode[] episodes) => scorer.Score([.. episodes.Select(episode =>
        new ScoredText(episode.Prompt.Text, episode.Text, episode.Prompt.Tokens, episode.Response))]);

    /// <summary>From scores to rewards: normalisation first, then the rule for episodes that did not end.</summary>
    private double[] Rewarded(double[] raw, Episode[] episodes)
    {
        moments.Observe(raw);
        var scaled = ScoreNormalization.Clip(ScoreNormalization.Scale(raw, recipe.ScoreScaling, moments), recipe.ScoreClip);
        return MissingEos.Apply(recipe.MissingEos, recipe.MissingEosAmount, scaled, [.. episodes.Select(episode => episode.Ended)]);
    }

    /// <summary>[B] the value of where a cut-off episode stopped, as that of one token more; 0 for one that ended.</summary>
    private Tensor ValuesBehind(Episode[] episodes)
    {
        using var scope = NewDisposeScope();
        var values = new float[episodes.Length];
        int[] open = [.. Enumerable.Range(0, episodes.Length).Where(i => !episodes[i].Ended)];
        foreach (var part in MicroBatches.Split(open, i => episodes[i].Cost, recipe.MicroBatchTokens))
        {
            using var tokens = models.Read([.. part.Select(i => new Exchange(episodes[i].Prompt.Tokens, [.. episodes[i].Response, 0]))]);
            var all = models.Values(tokens).cpu().data<float>().ToArray();
            var end = -1;
            foreach (var i in part) values[i] = all[end += episodes[i].Response.Length + 1];
        }

        return tensor(values, device: device).MoveToOuterDisposeScope();
    }
}
