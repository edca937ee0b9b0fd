using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// GPT-2's initialisation (Radford et al. 2019): weights N(0, 0.02), those that write into the residual stream
/// scaled by 1/√(2·layers), norms 1, biases 0. Each tensor has its own generator, so a name keeps its numbers
/// whatever else the model holds.
/// </summary>
internal sealed class RandomParameters(TransformerConfig config, long seed)
{
    public Tensor Draw(string name, long[] shape)
    {
        if (name.EndsWith(".bias", StringComparison.Ordinal)) return zeros(shape);
        if (name.EndsWith("norm.weight", StringComparison.Ordinal)) return config.NormsAddOne ? zeros(shape) : ones(shape);
        var intoResidual = name.EndsWith("output.weight", StringComparison.Ordinal) || name.EndsWith("down.weight", StringComparison.Ordinal);
        var deviation = config.InitializerRange / (intoResidual ? Math.Sqrt(2 * config.Layers) : 1);
        using var generator = GeneratorOf(name, seed);
        return randn(shape, generator: generator).mul_(Number.Of(deviation));
    }

    /// <summary>The generator of one tensor.</summary>
    public static Generator GeneratorOf(string name, long seed) => new(StableHash(name) ^ (ulong)seed);

    // FNV-1a with a final mix, so that neighbouring seeds do not meet.
    private static ulong StableHash(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in name) hash = (hash ^ letter) * 1099511628211UL;
        return (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9UL;
    }
}
