using Rlhf.Rewards.Models;

namespace Rlhf.Evaluation.Study;

/// <summary>What is optimised: a reward model alone, or the ensemble of all that were trained alike.</summary>
/// <param name="Pairs">that each was trained on</param>
/// <param name="Noise">the share of their labels that were flipped</param>
/// <param name="Ensemble">how the members are combined; null: each alone</param>
internal sealed record StudyTarget(int Pairs, double Noise, Combination? Ensemble = null);

/// <summary>One optimisation: its policies by how far it was driven, each with numbers per prompt.</summary>
internal sealed record StudyRun(string Name, IReadOnlyList<FitPoint> Points);

/// <summary>A target optimised in one way, once or by several seeds.</summary>
/// <param name="Method">Best-of-n or a trained policy.</param>
/// <param name="Price">of KL; null for best-of-n</param>
internal sealed record StudyArm(StudyTarget Target, FitForm Method, double? Price, IReadOnlyList<StudyRun> Runs)
{
    /// <summary>The same with one of its runs alone; an arm of a single run stays as it is.</summary>
    public StudyArm Only(int seed) => Runs.Count < 2 ? this : this with { Runs = [Runs[seed]] };
}
