using System.Text.Json;
using Rlhf.Maths;
using Rlhf.Policies;

namespace Rlhf.Ppo;

/// <summary>The small numbers of a run that must survive a resume, beside weights and optimizer moments.</summary>
public sealed record PpoProgress
{
    public required double KlCoefficient { get; init; }

    public required double PenaltyCoefficient { get; init; }

    public required double ScoreCount { get; init; }

    public required double ScoreMean { get; init; }

    public required double ScoreSquaredDeviations { get; init; }

    /// <summary>Numbers are written so that they read back as the same bits.</summary>
    public void Save(string file) => File.WriteAllText(file, JsonSerializer.Serialize(this));

    public static PpoProgress Load(string file) => JsonSerializer.Deserialize<PpoProgress>(File.ReadAllText(file))
        ?? throw new RlhfException($"{file}: found null; expected the progress of a PPO run");
}
