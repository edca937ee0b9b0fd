using Rlhf.Foundation;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Checkpoints;

/// <summary>The tensors of an adapter's file, taken module by module; what nobody took is an error.</summary>
internal sealed class AdapterWeights(string folder, Dictionary<string, Tensor> tensors, TransformerConfig config, int rank)
{
    /// <summary>The modules of the model that the file has matrices for.</summary>
    public IReadOnlyList<ModulePart> Modules { get; } =
        [.. LoraModules.All(config).Where(module => tensors.ContainsKey(AdapterFolder.Names(config, module).Down))];

    /// <summary>A [rank, in] and B [rows, rank] of a module, in the type and on the device of a weight with the same inputs.</summary>
    public (Tensor Down, Tensor Up) Take(ModulePart module, Tensor weight)
    {
        var (down, up) = AdapterFolder.Names(config, module);
        var first = Take(down, [rank, weight.shape[1]]);
        var second = AdapterFolder.Turned(Take(up, [module.Rows, rank]), module, config, WeightReader.ByKind);
        return (first.to(weight.dtype, weight.device), second.contiguous().to(weight.dtype, weight.device));
    }

    public void RefuseLeftovers()
    {
        if (tensors.Count > 0) throw new RlhfException($"{folder}: '{tensors.Keys.First()}' belongs to no module of this {config.Family} model that can have an adapter");
    }

    private Tensor Take(string name, long[] shape)
    {
        if (!tensors.Remove(name, out var tensor)) throw new RlhfException($"{folder}: the adapter lacks '{name}'");
        return tensor.shape.AsSpan().SequenceEqual(shape) ? tensor
            : throw new RlhfException($"{folder}: '{name}' has the shape [{string.Join(", ", tensor.shape)}], but the model and r call for [{string.Join(", ", shape)}]");
    }
}
