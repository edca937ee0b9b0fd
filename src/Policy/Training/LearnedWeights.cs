using Rlhf.Foundation;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>The weights a training run changes: all of a model, or, where it is frozen below adapters, what is on top.</summary>
internal static class LearnedWeights
{
    public static void Save(nn.Module model, string path) => StateFile.Save(path, Of(model));

    /// <summary>Reads what <see cref="Save"/> wrote for a model that trains the same weights.</summary>
    public static void Load(nn.Module model, string path)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var saved = StateFile.Load(path);
        foreach (var (name, weight) in Of(model))
        {
            if (!saved.Remove(name, out var values) || !values.shape.AsSpan().SequenceEqual(weight.shape))
                throw new RlhfException($"{path}: holds no '{name}' of the shape [{string.Join(", ", weight.shape)}]; the checkpoint belongs to another model");
            weight.copy_(values);
        }

        if (saved.Count > 0) throw new RlhfException($"{path}: '{saved.Keys.First()}' is no weight that this model trains; the checkpoint belongs to another model");
    }

    private static Dictionary<string, Tensor> Of(nn.Module model) =>
        model.named_parameters().Where(one => one.parameter.requires_grad).ToDictionary(one => one.name, one => (Tensor)one.parameter);
}
