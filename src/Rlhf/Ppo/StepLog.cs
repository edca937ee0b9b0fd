using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Torch;
using Rlhf.Maths;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Writes what a step showed: metrics, samples, and a word of advice where something looks wrong.</summary>
internal sealed class StepLog(PpoRecipe recipe, Run run, RolloutSources sources, PhaseClock clock)
{
    private const double BytesPerGigabyte = 1e9;

    private readonly PpoMetrics _metrics = new(recipe);
    private readonly Diagnosis _diagnosis = new();
    private TimeSpan _exchanged = sources.Job.Exchanging;

    public T Measure<T>(string phase, Func<T> work) => clock.Measure(phase, work);

    /// <param name="step">steps done, this one included</param>
    /// <param name="episodes">drawn so far</param>
    public void Write(long step, long episodes, Rollout rollout, Tensor rewards, Tensor returns, UpdateReport update, UpdateSettings settings)
    {
        var metrics = _metrics.OfRollout(rollout, rewards, returns);
        foreach (var (name, number) in _metrics.OfUpdate(update, settings)) metrics[name] = number;
        metrics["episodes"] = episodes;
        metrics["kl_coefficient"] = settings.KlCoefficient;
        if (recipe.Surrogate == PolicyObjective.KlPenalty) metrics["penalty_coefficient"] = settings.PenaltyCoefficient;
        if (sources.Scorer is IMeasured measured) foreach (var (name, number) in measured.Measures) metrics[name] = number;
        foreach (var advice in _diagnosis.Of(metrics)) run.Warn($"step {step}: {advice}");

        foreach (var (phase, seconds) in clock.Seconds) metrics[$"seconds_{phase}"] = seconds;
        if (sources.Job.Size > 1) metrics["seconds_exchanging"] = SinceLastStep(sources.Job.Exchanging);
        metrics["rollout_tokens_per_second"] = rollout.Layout.TokenCount / clock.Seconds["generation"];
        metrics["update_tokens_per_second"] = update.Tokens / clock.Seconds["update"];
        metrics["memory_gb"] = DeviceMemory.Of(sources.Device).Peak / BytesPerGigabyte;
        clock.Reset();
        run.Log(step, metrics);
        if (recipe.SampleEvery > 0 && (step == 1 || step % recipe.SampleEvery == 0)) WriteSamples(step, rollout, rewards);
    }

    private double SinceLastStep(TimeSpan exchanging)
    {
        var fresh = exchanging - _exchanged;
        _exchanged = exchanging;
        return fresh.TotalSeconds;
    }

    private void WriteSamples(long step, Rollout rollout, Tensor rewards)
    {
        using var scope = NewDisposeScope();
        using var kl = KlEstimators.K1(rollout.LogProbs, rollout.ReferenceLogProbs!).cpu();
        using var reward = rewards.cpu();
        for (var i = 0; i < Math.Min(recipe.Samples, rollout.Count); i++)
        {
            var episode = rollout.Episodes[i];
            var tokenKl = OfTokens(kl, i, episode);
            run.Sample(new
            {
                Step = step,
                Prompt = episode.Prompt.Text,
                Response = episode.Text,
                Score = rollout.RawScores[i],
                Gold = rollout.GoldScores?[i],
                Kl = tokenKl.Sum(),
                episode.Ended,
                Tokens = Array.ConvertAll(episode.Response, token => sources.Decode([token])),
                TokenKl = tokenKl,
                TokenReward = OfTokens(reward, i, episode),
            });
        }
    }

    private static float[] OfTokens(Tensor numbers, int row, Episode episode) => numbers[row].narrow(0, 0, episode.Response.Length).data<float>().ToArray();
}
