using Rlhf.Policies;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Stops a run at the first number that is none, and says which, when, and what is left to go on from.</summary>
public sealed class FiniteGuard(Func<string?> lastGoodCheckpoint)
{
    /// <summary>Checks everything of a step in one look at the device.</summary>
    public void Check(long step, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        using var scope = NewDisposeScope();
        using var flags = stack(tensors.Select(item => item.Tensor.detach().isfinite().all())).cpu();
        var fine = flags.data<bool>().ToArray();
        for (var i = 0; i < fine.Length; i++)
            if (!fine[i]) throw Stopped(step, tensors[i].Name, Example(tensors[i].Tensor));
    }

    public void Check(long step, IEnumerable<(string Name, double Number)> numbers)
    {
        foreach (var (name, number) in numbers)
            if (!double.IsFinite(number)) throw Stopped(step, name, number.ToString("R", null));
    }

    private RlhfException Stopped(long step, string name, string found)
    {
        var next = lastGoodCheckpoint() is { } folder
            ? $"the last good checkpoint is {folder}; resume from it with a lower learning rate, or a score_clip"
            : "there is no checkpoint yet; start again with a lower learning rate, or a score_clip";
        return new RlhfException($"step {step}: {name} is not finite (found {found}); {next}");
    }

    private static string Example(Tensor tensor)
    {
        using var flat = tensor.detach().reshape(-1).to_type(ScalarType.Float32).cpu();
        var numbers = flat.data<float>().ToArray();
        var place = Array.FindIndex(numbers, number => !float.IsFinite(number));
        return $"{numbers[place]} at element {place} of [{string.Join(", ", tensor.shape)}]";
    }
}
