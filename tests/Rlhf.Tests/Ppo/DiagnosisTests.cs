using Rlhf.Ppo;

namespace Rlhf.Tests.Ppo;

public sealed class DiagnosisTests
{
    private static readonly Dictionary<string, double> Healthy = new()
    {
        ["kl"] = 2, ["ratio_mean"] = 1.01, ["ratio_max"] = 50, ["skipped_minibatches"] = 0, ["entropy"] = 2, ["eos_rate"] = 0.9, ["raw_score"] = 1,
        ["raw_score_std"] = 1, ["explained_variance"] = 0.3, ["repetition"] = 0.02,
    };

    [Fact]
    public void Of_HealthyRun_SaysNothing()
    {
        var diagnosis = new Diagnosis();
        for (var step = 0; step < 100; step++) Assert.Empty(diagnosis.Of(Healthy));
    }

    [Theory]
    [InlineData("kl", -1, "kl is negative")]
    [InlineData("ratio_mean", 3, "the ratio exploded")]
    [InlineData("skipped_minibatches", 1, "the ratio exploded")]
    [InlineData("entropy", 0.1, "the policy is collapsing")]
    [InlineData("eos_rate", 0, "every episode was cut off")]
    [InlineData("explained_variance", -5, "worse than a constant")]
    [InlineData("repetition", 0.6, "gaming the scorer")]
    public void Of_OneSymptom_IsNamedOnceWhileItLasts(string metric, double value, string words)
    {
        var diagnosis = new Diagnosis();
        for (var step = 0; step < 6; step++) diagnosis.Of(Healthy);
        var ill = new Dictionary<string, double>(Healthy) { [metric] = value };
        Assert.Contains(words, Assert.Single(diagnosis.Of(ill)), StringComparison.Ordinal);
        Assert.Empty(diagnosis.Of(ill));
        Assert.Empty(diagnosis.Of(Healthy));
        Assert.Single(diagnosis.Of(ill));
    }

    [Theory]
    [InlineData("judge_contradictions", 0.6, "contradicts itself in 60")]
    [InlineData("judge_unreadable", 0.2, "hold no verdict")]
    [InlineData("teacher_outside", 0.2, "tokens that the policy does not have")]
    [InlineData("effective_sample_size", 0.3, "drawn with other probabilities")]
    public void Of_SymptomOfAMethod_IsNamedWithWhatToTry(string metric, double value, string words)
    {
        var diagnosis = new Diagnosis();
        Assert.Contains(words, Assert.Single(diagnosis.Of(new Dictionary<string, double>(Healthy) { [metric] = value })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "easier prompts")]
    [InlineData(0.5, "raise sampling.temperature")]
    [InlineData(1, "these are solved")]
    public void Of_GroupsWithoutADifferenceForFiveSteps_SaysWhatToTryByHowManySucceed(double succeeded, string words)
    {
        var diagnosis = new Diagnosis();
        var flat = new Dictionary<string, double>(Healthy) { ["flat_groups"] = 1, ["success_rate"] = succeeded };
        for (var step = 0; step < 4; step++) Assert.Empty(diagnosis.Of(flat));
        Assert.Contains(words, Assert.Single(diagnosis.Of(flat)), StringComparison.Ordinal);
        Assert.Empty(diagnosis.Of(flat));
    }

    [Theory]
    [InlineData("raw_score", "the score gave no episode anything")]
    [InlineData("score_number", "the verifier 'number' gave no episode anything")]
    [InlineData("score_json", "the verifier 'json' gave no episode anything")]
    public void Of_VerifierThatNeverFires_IsNamedAfterFiveSteps(string metric, string words)
    {
        var diagnosis = new Diagnosis();
        var silent = new Dictionary<string, double>(Healthy) { [metric] = 0, ["raw_score_std"] = 0 };
        for (var step = 0; step < 4; step++) Assert.Empty(diagnosis.Of(silent));
        Assert.Contains(words, Assert.Single(diagnosis.Of(silent)), StringComparison.Ordinal);
        Assert.Empty(diagnosis.Of(new Dictionary<string, double>(Healthy) { [metric] = 0.1 }));
    }

    [Fact]
    public void Of_CriticThatHasLearnedForFiveSteps_IsNotJudgedYet()
    {
        var diagnosis = new Diagnosis();
        var early = new Dictionary<string, double>(Healthy) { ["explained_variance"] = -5 };
        for (var step = 0; step < 5; step++) Assert.Empty(diagnosis.Of(early));
    }

    [Fact]
    public void Of_ScoreTheSameForAllEpisodesAndSteps_AsksWhatTheScorerReads()
    {
        var diagnosis = new Diagnosis();
        var flat = new Dictionary<string, double>(Healthy) { ["raw_score_std"] = 0 };
        var said = Enumerable.Range(0, 30).SelectMany(_ => diagnosis.Of(flat)).ToArray();
        Assert.Contains("check that the scorer reads the response", Assert.Single(said), StringComparison.Ordinal);
    }
}
