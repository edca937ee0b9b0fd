using Rlhf.Maths;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// Collects one batch of episodes: generation, scores, and what policy, reference and critic make of each token. Each
/// process of a job answers its part of the prompts, and all of them end with all episodes.
/// </summary>
public sealed class RolloutCollector(
    PpoRecipe recipe, LanguageActorCritic models, Reference reference, TextGenerator generator, RolloutSources sources,
    RunningMoments moments, PhaseClock clock)
{
    /// <param name="prompts">each is answered samples_per_prompt times</param>
    /// <param name="step">names the random numbers, and nothing else</param>
    public Rollout Collect(IReadOnlyList<Prompt> prompts, long step)
    {
        using var off = no_grad();
        var share = Share(prompts, step).OfAll(sources.Job, sources.Device);
        var layout = new TokenLayout([.. share.Episodes.Select(episode => episode.Response.Length)], sources.Device);
        var judged = Likelihoods.Of(share.Tokens, layout);
        var scores = Rewarded(share.RawScores, share.Episodes);
        return new Rollout(share.Episodes, layout)
        {
            RawScores = share.RawScores,
            GoldScores = share.GoldScores,
            Scores = tensor(Array.ConvertAll(scores, score => (float)score), device: sources.Device),
            LogProbs = judged.LogProbs,
            ReferenceLogProbs = judged.ReferenceLogProbs,
            ExactKl = judged.ExactKl,
            Entropy = judged.Entropy,
            Values = judged.Values,
            Bootstrap = share.Bootstrap is null ? null : tensor(share.Bootstrap, device: sources.Device),
        };
    }

    /// <summary>The episodes that fall to this process.</summary>
    private RolloutShare Share(IReadOnlyList<Prompt> prompts, long step)
    {
        // The first step's episodes are judged by passes of their own, for the self-check to compare with how they were drawn.
        using var states = step == 0 ? null : DrawnStates.For(models.Policy, prompts.Count * recipe.SamplesPerPrompt, recipe.Sampling);
        var episodes = clock.Measure("generation", () => Generate(prompts, step, states));
        ScoredText[] texts = [.. episodes.Select(episode => new ScoredText(episode.Prompt.Text, episode.Text, episode.Prompt.Tokens, episode.Response))];
        return new RolloutShare
        {
            Episodes = episodes,
            RawScores = clock.Measure("scoring", () => sources.Scorer.Score(texts)),
            GoldScores = sources.Gold?.Score(texts),
            Tokens = clock.Measure("likelihoods", () => Likelihoods.Judge(episodes, models, reference, recipe.MicroBatchTokens, states)),
            Bootstrap = recipe.BootstrapTruncated ? ValuesBehind(episodes) : null,
        };
    }

    private Episode[] Generate(IReadOnlyList<Prompt> prompts, long step, DrawnStates? states)
    {
        (Prompt Prompt, int Sample)[] asked = [.. sources.Job.PartOf(
            [.. prompts.SelectMany(prompt => Enumerable.Range(0, recipe.SamplesPerPrompt).Select(sample => (prompt, sample)))])];
        RandomKey[] keys = [.. asked.Select(one => new RandomKey(sources.Seed, step, one.Prompt.Index, one.Sample))];
        var completions = generator.Generate([.. asked.Select(one => one.Prompt.Tokens)], recipe.Sampling, keys, states);
        return [.. completions.Select((completion, i) => new Episode
        {
            Prompt = asked[i].Prompt,
            Sample = asked[i].Sample,
            Response = completion.Tokens,
            Text = completion.Text ?? sources.Decode(completion.Tokens),
            LogProbs = completion.LogProbs,
            Reason = completion.Reason,
        })];
    }

    /// <summary>From scores to rewards: normalisation first, then the rule for episodes that did not end.</summary>
    private double[] Rewarded(double[] raw, IReadOnlyList<Episode> episodes)
    {
        moments.Observe(raw);
        var scaled = ScoreNormalization.Clip(ScoreNormalization.Scale(raw, recipe.ScoreScaling, moments), recipe.ScoreClip);
        return MissingEos.Apply(recipe.MissingEos, recipe.MissingEosAmount, scaled, [.. episodes.Select(episode => episode.Ended)]);
    }

    /// <summary>The value of where a cut-off episode stopped, as that of one token more; 0 for one that ended.</summary>
    private float[] ValuesBehind(Episode[] episodes)
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

        return values;
    }
}
