using Rlhf.Foundation.Torch;
using Rlhf.Maths;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// Collects one batch of episodes: generation, scores, and what policy, reference and critic make of each token. Each
/// process of a job answers its part of the prompts, and all of them end with all episodes.
/// </summary>
internal sealed class RolloutCollector(
    PpoRecipe recipe, LanguageActorCritic models, Reference reference, TextGenerator generator, PromptStream prompts, RolloutSources sources,
    RunningMoments moments, PhaseClock clock)
{
    /// <param name="step">says which prompts, and names the random numbers</param>
    public Rollout Collect(long step)
    {
        using var off = no_grad();
        var samples = new SampleNumbers(recipe.GroupSize);
        var regrouping = new Regrouping(recipe.GroupSize, recipe.ResampleRounds);
        var share = regrouping.Fill(
            Drawn(samples.Of(prompts.At(step)), step), (round, count) => Drawn(samples.Of(prompts.Others(step, round, count)), step));
        var layout = new TokenLayout([.. share.Episodes.Select(episode => episode.Response.Length)], sources.Device);
        var judged = Likelihoods.Of(share.Tokens, layout);
        var scores = Rewarded(share.RawScores, share.Episodes);
        return new Rollout(share.Episodes, layout)
        {
            RawScores = share.RawScores,
            Terms = sources.Scorer is WeightedScorer weighted ? ScoreTerm.Of(weighted, share.Terms) : [],
            GoldScores = share.GoldScores,
            Scores = tensor(Array.ConvertAll(scores, score => (float)score), device: sources.Device),
            ScoreDeviation = moments.Deviation,
            RedrawnGroups = regrouping.Redrawn,
            DrawnLogProbs = OfSampler(share.Episodes, layout),
            LogProbs = judged.LogProbs,
            ReferenceLogProbs = judged.ReferenceLogProbs,
            ExactKl = judged.ExactKl,
            Entropy = judged.Entropy,
            Values = judged.Values,
            TeacherLogProbs = judged.TeacherLogProbs,
            TeacherKl = judged.TeacherKl,
            TeacherOutside = judged.TeacherOutside,
            Bootstrap = share.Bootstrap is null ? null : tensor(share.Bootstrap, device: sources.Device),
        };
    }

    private RolloutShare Drawn(IReadOnlyList<(Prompt Prompt, int Sample)> asked, long step) => Share([.. sources.Job.PartOf(asked)], step).OfAll(sources.Job, sources.Device);

    /// <summary>The episodes that fall to this process.</summary>
    private RolloutShare Share((Prompt Prompt, int Sample)[] asked, long step)
    {
        // The first step's episodes are judged by passes of their own, for the self-check to compare with how they were drawn.
        using var states = step == 0 ? null : DrawnStates.For(models.Policy, asked.Length, recipe.Sampling);
        var episodes = clock.Measure("generation", () => Generate(asked, step, states));
        ScoredText[] texts = [.. episodes.Select(episode => episode.Scored)];
        var (scores, terms) = clock.Measure("scoring", () => Scores(texts));
        return new RolloutShare
        {
            Episodes = episodes,
            RawScores = scores,
            Terms = terms,
            GoldScores = sources.Gold?.Score(texts),
            Tokens = clock.Measure("likelihoods", () => Likelihoods.Judge(episodes, models, reference, recipe.MicroBatchTokens, states)),
            Bootstrap = recipe.BootstrapTruncated ? ValuesBehind(episodes) : null,
        };
    }

    private (double[] Scores, double[][] Terms) Scores(ScoredText[] texts)
    {
        if (sources.Scorer is not WeightedScorer weighted) return (sources.Scorer?.Score(texts) ?? new double[texts.Length], []);
        var terms = weighted.ByTerm(texts);
        return (weighted.Sum(terms), terms);
    }

    private Episode[] Generate((Prompt Prompt, int Sample)[] asked, long step, DrawnStates? states)
    {
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

    /// <summary>[B,T] ln μ</summary>
    private Tensor OfSampler(IReadOnlyList<Episode> episodes, TokenLayout layout)
    {
        using var scope = NewDisposeScope();
        var drawn = episodes.SelectMany(episode => episode.LogProbs).ToArray();
        return layout.Spread(tensor(drawn, [1, drawn.Length]).On(sources.Device), [.. Enumerable.Range(0, episodes.Count)])[0].MoveToOuterDisposeScope();
    }

    /// <summary>From scores to rewards: normalisation first, then what an episode pays for not ending, or for coming close to it.</summary>
    private double[] Rewarded(double[] raw, IReadOnlyList<Episode> episodes)
    {
        moments.Observe(raw);
        var scaled = ScoreNormalization.Clip(ScoreNormalization.Scale(raw, recipe.ScoreScaling, moments), recipe.ScoreClip);
        var ended = MissingEos.Apply(recipe.MissingEos, recipe.MissingEosAmount, scaled, [.. episodes.Select(episode => episode.Ended)]);
        var (window, amount) = (recipe.OverLong.Window, recipe.OverLong.Amount);
        return [.. ended.Select((score, i) => score - OverLongPenalty.Of(episodes[i].Response.Length, amount, window, recipe.Sampling.MaxNewTokens))];
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
