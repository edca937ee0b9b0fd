using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Maths;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.TensorFiles;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// Everything that a PPO run changes: weights, moments of the optimizers, coefficients, the running moments of scores. Going on from
/// it gives the same bits as never having stopped; the order of prompts and all random numbers follow from seed and step.
/// </summary>
internal sealed class PpoState
{
    private const string PolicyFolder = "policy", ReferenceFile = "reference.safetensors", CriticFile = "critic.safetensors";
    private const string PolicyMoments = "policy-optimizer.safetensors", CriticMoments = "critic-optimizer.safetensors";
    private const string NumbersFile = "ppo.json";

    public required CausalLm Policy { get; init; }

    public required ModelOptimizer PolicyOptimizer { get; init; }

    public Critic? Critic { get; init; }

    public ModelOptimizer? CriticOptimizer { get; init; }

    public required Reference Reference { get; init; }

    public required KlController Kl { get; init; }

    public required PenaltyCoefficient Penalty { get; init; }

    public required EntropyController Entropy { get; init; }

    public required RunningMoments Moments { get; init; }

    /// <summary>Episodes that were drawn so far, those that were given up included.</summary>
    public long Episodes { get; set; }

    /// <param name="folder">receives the state; the policy in the Hugging Face layout, or its adapter in PEFT's</param>
    /// <param name="tokenizerFrom">the folder whose tokenizer files go along with the policy</param>
    public void Save(string folder, string? tokenizerFrom)
    {
        SavePolicy(Path.Combine(folder, PolicyFolder), tokenizerFrom);
        PolicyOptimizer.Save(Path.Combine(folder, PolicyMoments));
        if (Critic is not null) StateFile.Save(Path.Combine(folder, CriticFile), Critic);
        CriticOptimizer?.Save(Path.Combine(folder, CriticMoments));
        if (Reference.Moves) Reference.Save(Path.Combine(folder, ReferenceFile));
        var numbers = new Numbers(Kl.Coefficient, Penalty.Value, Entropy.State, Moments.Count, Moments.Mean, Moments.SquaredDeviations, Episodes);
        File.WriteAllText(Path.Combine(folder, NumbersFile), JsonSerializer.Serialize(numbers));
    }

    /// <summary>What ranks other than 0 do while that saves.</summary>
    public void Assist()
    {
        PolicyOptimizer.Assist();
        CriticOptimizer?.Assist();
    }

    public void Load(string folder)
    {
        using var off = no_grad();
        CopyWeights(Path.Combine(folder, PolicyFolder));
        PolicyOptimizer.Load(Path.Combine(folder, PolicyMoments));
        if (Critic is not null) StateFile.Load(Path.Combine(folder, CriticFile), Critic);
        CriticOptimizer?.Load(Path.Combine(folder, CriticMoments));
        if (Reference.Moves) Reference.Load(Path.Combine(folder, ReferenceFile));
        var file = Path.Combine(folder, NumbersFile);
        var numbers = JsonSerializer.Deserialize<Numbers>(File.ReadAllText(file))
            ?? throw new RlhfException($"{file}: found null; expected the numbers of a PPO run");
        (Kl.Coefficient, Penalty.Value, Entropy.State) = (numbers.KlCoefficient, numbers.PenaltyCoefficient, numbers.Entropy);
        Episodes = numbers.Episodes;
        Moments.Restore(numbers.ScoreCount, numbers.ScoreMean, numbers.ScoreSquaredDeviations);
    }

    private void SavePolicy(string folder, string? tokenizerFrom)
    {
        if (Policy.Trunk.Adapter is null) ModelFolder.Save(Policy, folder, new SaveOptions { TokenizerFrom = tokenizerFrom });
        else AdapterFolder.Save(Policy.Trunk, folder, tokenizerFrom: tokenizerFrom);
    }

    /// <summary>Into the model that optimizer and generator already hold.</summary>
    private void CopyWeights(string folder)
    {
        if (Policy.Trunk.Adapter is not null)
        {
            AdapterFolder.Restore(Policy.Trunk, folder);
            return;
        }

        using var scope = NewDisposeScope();
        using var saved = ModelFolder.Load(folder, Policy.HeadWeight.device, Policy.HeadWeight.dtype);
        foreach (var (mine, theirs) in Policy.parameters().Zip(saved.parameters())) mine.copy_(theirs);
    }

    private sealed record Numbers(
        double KlCoefficient, double PenaltyCoefficient, double Entropy, double ScoreCount, double ScoreMean, double ScoreSquaredDeviations, long Episodes);
}
