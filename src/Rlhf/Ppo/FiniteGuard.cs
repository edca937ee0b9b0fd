using Rlhf.Foundation;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Stops a run at the first number that is none, and says which, when, and what is left to go on from.</summary>
internal sealed class FiniteGuard(Func<string?> lastGoodCheckpoint)
{
    /// <summary>Checks everything that an update is made from, in one look at the device.</summary>
    public void Check(long step, Rollout rollout, Tensor rewards, Tensor advantages, Tensor returns)
    {
        List<(string Name, Tensor Tensor)> tensors =
        [
            ("the score", rollout.Scores), ("the policy's log-probability", rollout.LogProbs),
            ("the reference's log-probability", rollout.ReferenceLogProbs!), ("the reward", rewards),
            ("the advantage", advantages), ("the return", returns),
        ];
        if (rollout.Values is { } values) tensors.Insert(1, ("the critic's value", values));
        using var scope = NewDisposeScope();
        using var flags = stack(tensors.Select(item => item.Tensor.isfinite().all())).cpu();
        var place = Array.IndexOf(flags.data<bool>().ToArray(), false);
        if (place >= 0) throw Stopped(step, $"{tensors[place].Name} is not finite (found {Example(tensors[place].Tensor)})");
    }

    /// <summary>Runs a part of a step, and names step and checkpoint where it meets a log-prob, loss or gradient that is not finite.</summary>
    public T Watch<T>(long step, Func<T> part)
    {
        try
        {
            return part();
        }
        catch (NotFiniteException error)
        {
            throw Stopped(step, error.Message);
        }
    }

    private RlhfException Stopped(long step, string what)
    {
        var next = lastGoodCheckpoint() is { } folder
            ? $"the last good checkpoint is {folder}; resume from it with a lower learning rate, or a score_clip"
            : "there is no checkpoint yet; start again with a lower learning rate, or a score_clip";
        return new RlhfException($"step {step + 1}: {what}; {next}");
    }

    private static string Example(Tensor tensor)
    {
        using var flat = tensor.detach().reshape(-1).to_type(ScalarType.Float32).cpu();
        var numbers = flat.data<float>().ToArray();
        var place = Array.FindIndex(numbers, number => !float.IsFinite(number));
        return $"{numbers[place]} at element {place} of [{string.Join(", ", tensor.shape)}]";
    }
}
