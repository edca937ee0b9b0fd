using Rlhf.Dpo;

namespace Rlhf.Tests.Dpo;

public sealed class PreferenceDiagnosisTests
{
    [Fact]
    public void Of_ChosenFallsWhileTheMarginGrows_IsSaidOnce()
    {
        var said = Said(new DpoRecipe { Beta = 0.1 }, step => new() { ["margin"] = 0.02 * step, ["chosen_reward"] = -0.01 * step, ["chosen_log_prob"] = -20 });
        Assert.Contains("chosen replies became less likely by", Assert.Single(said), StringComparison.Ordinal);
        Assert.Contains("dpo.chosen_likelihood", said[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ChosenRises_SaysNothing() =>
        Assert.Empty(Said(new DpoRecipe { Beta = 0.1 }, step => new() { ["margin"] = 0.02 * step, ["chosen_reward"] = 0.01 * step, ["chosen_log_prob"] = -20 }));

    [Fact]
    public void Of_ChosenFallsAndNothingIsWon_SaysNothing() =>
        Assert.Empty(Said(new DpoRecipe { Beta = 0.1 }, step => new() { ["margin"] = -0.02 * step, ["chosen_reward"] = -0.01 * step, ["chosen_log_prob"] = -20 }));

    [Fact]
    public void Of_NoReference_ComparesWithTheFirstSteps()
    {
        static Dictionary<string, double> Falling(int step) => new() { ["margin"] = 0.5, ["chosen_reward"] = 0, ["chosen_log_prob"] = -20 - 0.1 * step };
        Assert.Single(Said(new DpoRecipe { Objective = DpoObjective.Simpo }, Falling));
        Assert.Empty(Said(new DpoRecipe { Objective = DpoObjective.Simpo }, step => Falling(step / 20)));
    }

    private static string[] Said(DpoRecipe recipe, Func<int, Dictionary<string, double>> metrics)
    {
        var diagnosis = new PreferenceDiagnosis(recipe);
        return [.. Enumerable.Range(0, 60).Select(step => diagnosis.Of(metrics(step))).OfType<string>()];
    }
}
