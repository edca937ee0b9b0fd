using System.Text.Json;
using Rlhf.Foundation.Files;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>Stops when the held-out loss has not fallen for a number of evaluations, and keeps the weights of the lowest.</summary>
internal sealed class EarlyStop(int patience, nn.Module model) : IDisposable
{
    private const string ProgressFile = "early_stop.json", WeightsFile = "best.safetensors";

    private Dictionary<string, Tensor> best = [];
    private State state = new(double.PositiveInfinity, 0);

    /// <summary>Whether training is to end.</summary>
    public bool IsOver => patience > 0 && state.Worse >= patience;

    public void Observe(double loss)
    {
        if (patience == 0) return;
        if (!(loss < state.Best))
        {
            state = state with { Worse = state.Worse + 1 };
            return;
        }

        state = new State(loss, 0);
        Dispose();
        using var quiet = no_grad();
        best = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone().DetachFromDisposeScope());
    }

    /// <summary>Gives the model the weights of the lowest loss; without an evaluation it keeps its own.</summary>
    public void TakeBest()
    {
        if (best.Count > 0) model.load_state_dict(best);
    }

    public void Save(string folder)
    {
        if (patience == 0) return;
        File.WriteAllText(Path.Combine(folder, ProgressFile), JsonSerializer.Serialize(state, JsonText.Indented));
        if (best.Count > 0) StateFile.Save(Path.Combine(folder, WeightsFile), best);
    }

    public void Load(string folder)
    {
        if (patience == 0) return;
        state = JsonSerializer.Deserialize<State>(File.ReadAllText(Path.Combine(folder, ProgressFile)), JsonText.Indented)!;
        var weights = Path.Combine(folder, WeightsFile);
        if (!File.Exists(weights)) return;
        Dispose();
        using var scope = NewDisposeScope();
        best = StateFile.Load(weights).ToDictionary(entry => entry.Key, entry => entry.Value.DetachFromDisposeScope());
    }

    public void Dispose()
    {
        foreach (var tensor in best.Values) tensor.Dispose();
        best = [];
    }

    private sealed record State(double Best, int Worse);
}
