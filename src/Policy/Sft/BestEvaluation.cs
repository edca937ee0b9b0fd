using System.Text.Json;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Runs;

namespace Rlhf.Policies.Sft;

/// <summary>Keeps the model of the lowest evaluation loss in the run's best/.</summary>
/// <param name="save">Writes the model as it stands into a folder.</param>
internal sealed class BestEvaluation(Run run, Action<string> save)
{
    private const string StateFile = "best.json";

    private double _loss = double.PositiveInfinity;

    public void Observe(long step, double loss)
    {
        if (!(loss < _loss)) return;
        _loss = loss;
        run.WriteBest(step, save);
    }

    public void Save(string folder) => File.WriteAllText(Path.Combine(folder, StateFile), JsonSerializer.Serialize(_loss, JsonText.Lines));

    public void Load(string folder) => _loss = JsonSerializer.Deserialize<double>(File.ReadAllText(Path.Combine(folder, StateFile)), JsonText.Lines);
}
