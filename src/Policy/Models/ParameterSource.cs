using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Where a module under construction takes a parameter from: drawn at random, or read from a checkpoint.</summary>
/// <param name="name">The parameter's full name, as in the finished module's state dictionary.</param>
/// <param name="shape">The shape it must have.</param>
public delegate Tensor ParameterSource(string name, long[] shape);

internal static class ParameterSources
{
    /// <summary>The same source for a part of the module: every name gets the prefix.</summary>
    public static ParameterSource In(this ParameterSource source, string prefix) =>
        (name, shape) => source($"{prefix}.{name}", shape);
}
