using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>What an optimizer keeps of its parameters and does with their gradients: all of it on every rank, or a share on each.</summary>
internal interface IOptimizerState : IDisposable
{
    /// <summary>Adds the gradients up over all ranks and returns their norm, on the device; null where no parameter has one on any rank.</summary>
    Tensor? Collect();

    /// <summary>The parameter whose gradient holds what is no finite number; the same on all ranks, null where none does.</summary>
    string? NotFinite();

    /// <summary>Steps the parameters that have a gradient on any rank.</summary>
    /// <param name="step">numbers of the step</param>
    /// <param name="divisor">[1], what gradients are divided by first; null: nothing</param>
    void Step(AdamWStep step, Tensor? divisor);

    void ClearGradients();

    /// <summary>Writes a file that does not tell how many ranks there were. Called on rank 0, while the others <see cref="Assist"/>.</summary>
    void Save(string path, long steps);

    /// <summary>Gives rank 0 what it writes.</summary>
    void Assist();

    /// <summary>Reads what was saved for the same parameters; called on all ranks. The result is how many steps were taken.</summary>
    long Load(string path);
}
