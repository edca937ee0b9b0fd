using Rlhf.Cli.Stages;
using Rlhf.Evaluation;
using Rlhf.Evaluation.Study;

namespace Rlhf.Cli.Study;

/// <summary>The arms of a study from what it left behind. Gold counts everywhere in deviations of the pool's gold scores.</summary>
internal static class StudyArms
{
    public static IReadOnlyList<StudyArm> Of(StudyPlan plan, StudyRecipe study, SamplePool pool, Func<PolicyPlan, Curve> curve) =>
        [.. BestOfN(plan, study, pool), .. Policies(plan, curve, Unit(pool))];

    public static IEnumerable<StudyArm> BestOfN(StudyPlan plan, StudyRecipe study, SamplePool pool)
    {
        var gold = Unit(pool);
        foreach (var kind in plan.Kinds)
        {
            var scores = pool.Scores[kind];
            yield return new StudyArm(kind, FitForm.BestOfN, null, [.. Enumerable.Range(0, plan.Members(kind)).Select(member =>
                Run($"member {member + 1}", [.. scores.Select(prompt => Array.ConvertAll(prompt.Members[member], score => (double)score))], plan, pool, gold))]);
            if (kind.Pairs != study.Focus) continue;
            foreach (var combination in StudyPlan.Ensembles)
                yield return new StudyArm(kind with { Ensemble = combination }, FitForm.BestOfN, null,
                    [Run(StudyWords.Short(combination), [.. scores.Select(prompt => EnsembleFolders.Combined(prompt, EnsembleFolders.Options(combination, study)))], plan, pool, gold)]);
        }
    }

    private static ScoreScale Unit(SamplePool pool) => ScoreScale.Of([.. pool.Samples.SelectMany(prompt => prompt.Gold)]);

    private static StudyRun Run(string name, double[][] proxy, StudyPlan plan, SamplePool pool, ScoreScale gold)
    {
        var scale = ScoreScale.Of([.. proxy.SelectMany(prompt => prompt)]);
        var proxyGains = proxy.Select(prompt => Gains(prompt, prompt, scale, plan.Counts)).ToArray();
        var goldGains = proxy.Select((prompt, i) => Gains(prompt, pool.Samples[i].Gold, gold, plan.Counts)).ToArray();
        return new StudyRun(name, [.. plan.Counts.Select((n, place) => new FitPoint(
            [.. Enumerable.Repeat(Evaluation.BestOfN.Kl(n), proxy.Length)], [.. proxyGains.Select(prompt => prompt[place])], [.. goldGains.Select(prompt => prompt[place])]))]);
    }

    private static double[] Gains(double[] proxy, double[] value, ScoreScale scale, IReadOnlyList<int> counts)
    {
        var mean = value.Average();
        return [.. Evaluation.BestOfN.Expected(proxy, value, counts).Select(expected => (expected - mean) / scale.Spread)];
    }

    private static IEnumerable<StudyArm> Policies(StudyPlan plan, Func<PolicyPlan, Curve> read, ScoreScale gold) =>
        plan.Policies().GroupBy(policy => (policy.Target, policy.Price)).Select(arm => new StudyArm(arm.Key.Target, FitForm.Policy, arm.Key.Price, [.. arm.Select(policy =>
        {
            var curve = read(policy);
            var unit = curve.GoldScale!.Spread / gold.Spread;
            return new StudyRun($"seed {policy.Seed}", [.. curve.Points.Where(point => point.ByPrompt is not null).Select(point => point.ByPrompt! with { GoldGain = [.. point.ByPrompt!.GoldGain!.Select(gain => gain * unit)] })]);
        })]));
}
