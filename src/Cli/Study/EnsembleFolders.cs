using Rlhf.Cli.Stages;
using Rlhf.Evaluation.Study;
using Rlhf.Foundation.Runs;
using Rlhf.Rewards.Models;
using static TorchSharp.torch;

namespace Rlhf.Cli.Study;

/// <summary>
/// The ensembles that policies are optimised against: the members of a kind, with the rule that combines them and a scale by which
/// the pool's responses score 0 with deviation 1, so that a price of KL means the same for all.
/// </summary>
internal static class EnsembleFolders
{
    private const string Made = "made-of.txt";

    /// <summary>Makes those that are not there, or that were made of other members.</summary>
    public static void Make(StudyPlan plan, StudyRecipe study, SamplePool pool, string tokenizer)
    {
        var kind = new StudyTarget(study.Focus, study.Noise[^1]);
        foreach (var combination in StudyPlan.Ensembles)
        {
            var options = Options(combination, study);
            var folder = plan.Ensemble(kind, combination);
            var identity = Curves.PolicyCheckpoint.IdentityOf(plan.RewardModels(kind)) + Foundation.Recipes.RecipeWriter.Write(options);
            if (File.Exists(Path.Combine(folder, Made)) && File.ReadAllText(Path.Combine(folder, Made)) == identity) continue;
            if (Directory.Exists(folder)) RunFolder.MoveAside(folder);
            using var members = RewardFolder.Load(plan.RewardModels(kind), CPU);
            var scores = pool.Scores[kind].SelectMany(prompt => Combined(prompt, options)).ToArray();
            var staging = $"{folder}.tmp";
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
            RewardFolder.Save(new RewardEnsemble(members.Models, options) { Scale = ScoreScale.Fit(scores) }, staging, tokenizer);
            File.WriteAllText(Path.Combine(staging, Made), identity);
            Directory.Move(staging, folder);
        }
    }

    public static EnsembleOptions Options(Combination combination, StudyRecipe study) => new() { Combine = combination, VarianceWeight = study.VarianceWeight };

    /// <summary>The ensemble's score of each sample, before its scale.</summary>
    public static double[] Combined(PoolScores scores, EnsembleOptions options) =>
        [.. Enumerable.Range(0, scores.Members[0].Length).Select(sample => options.Apply([.. scores.Members.Select(member => (double)member[sample])]))];
}
