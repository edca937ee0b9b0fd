using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// The low-rank adapters of a model whose own weights are frozen. The adapters' matrices are parameters of the model:
/// an optimizer over its trainable parameters trains them and nothing else. With the adapter off it is the base model.
/// </summary>
public sealed class LoraAdapter
{
    private readonly LowRankUpdate[] _updates;

    private LoraAdapter(LoraRecipe recipe, string baseModel, LowRankUpdate[] updates) =>
        (Recipe, BaseModel, _updates) = (recipe, Directory.Exists(baseModel) ? Path.GetFullPath(baseModel) : baseModel, updates);

    public LoraRecipe Recipe { get; }

    /// <summary>The folder, as an absolute path, or the name of the model it belongs to.</summary>
    public string BaseModel { get; }

    /// <summary>What learns.</summary>
    public IEnumerable<Parameter> Parameters => Parts.SelectMany(part => new[] { part.Down, part.Up });

    internal IEnumerable<LowRankPart> Parts => _updates.SelectMany(update => update.Parts);

    /// <summary>Freezes a language model, its head included, and gives it adapters that change nothing yet: A is random, B is 0.</summary>
    /// <param name="baseModel">The folder the model came from, for those who load the adapter alone.</param>
    public static LoraAdapter Attach(CausalLm model, LoraRecipe recipe, long seed, string baseModel)
    {
        model.HeadWeight.requires_grad = false;
        return Attach(model.Trunk, recipe, seed, baseModel);
    }

    /// <summary>The same for a trunk; a head on it goes on learning.</summary>
    public static LoraAdapter Attach(Transformer trunk, LoraRecipe recipe, long seed, string baseModel)
    {
        using var scope = NewDisposeScope();
        return Attach(trunk, recipe, baseModel, LoraModules.Chosen(trunk.Config, recipe.Targets), (module, weight) => Fresh(module, weight, recipe.Rank, seed));
    }

    /// <summary>Whether the model computes with it.</summary>
    internal bool IsOn => _updates.Length > 0 && _updates[0].IsOn;

    /// <summary>The model computes as its base does until this is disposed.</summary>
    public IDisposable Off()
    {
        foreach (var update in _updates) update.IsOn = false;
        return new Switch(_updates);
    }

    /// <summary>A model without adapters that computes what this one does; weights that have no adapter are shared with it.</summary>
    public static CausalLm Merged(CausalLm model)
    {
        using var scope = NewDisposeScope();
        var weights = model.state_dict();
        foreach (var (name, projection) in model.Trunk.Projections()) weights[$"{CausalLm.TrunkPrefix}{name}.weight"] = projection.WholeWeight();
        return new CausalLm(model.Config, (name, _) => weights[name].detach());
    }

    /// <param name="matrices">A and B of a module, from it and the weight [out, in] of its projection.</param>
    internal static LoraAdapter Attach(Transformer trunk, LoraRecipe recipe, string baseModel, IEnumerable<ModulePart> modules, Func<ModulePart, Tensor, (Tensor Down, Tensor Up)> matrices)
    {
        if (trunk.Adapter is not null) throw new InvalidOperationException("the model has an adapter already");
        foreach (var weight in trunk.parameters()) weight.requires_grad = false;
        var projections = trunk.Projections().ToDictionary(one => one.Name, one => one.Projection);
        var updates = new List<LowRankUpdate>();
        foreach (var group in modules.GroupBy(module => module.Name))
        {
            var projection = projections[group.Key];
            var parts = group.Select(module => matrices(module, projection.Weight)).Zip(group, (pair, module) => new LowRankPart(module, pair.Down, pair.Up));
            updates.Add(new LowRankUpdate(parts, recipe.Scale, projection.Weight.shape[0]));
            projection.Attach(updates[^1]);
        }

        return trunk.Adapter = new LoraAdapter(recipe, baseModel, [.. updates]);
    }

    // A uniform within ±1/√in, B 0 (Hu et al. 2021; the bound is PEFT's). Each module draws from a generator of its own.
    private static (Tensor Down, Tensor Up) Fresh(ModulePart module, Tensor weight, int rank, long seed)
    {
        using var generator = RandomParameters.GeneratorOf($"{module.CheckpointName}.lora_A", seed);
        var inputs = weight.shape[1];
        var down = rand([rank, inputs], generator: generator).mul_(Number.Of(2)).sub_(Number.Of(1)).mul_(Number.Of(1 / Math.Sqrt(inputs)));
        return (down.to(weight.dtype, weight.device), zeros([module.Rows, rank], weight.dtype, weight.device));
    }

    private sealed class Switch(LowRankUpdate[] updates) : IDisposable
    {
        public void Dispose()
        {
            foreach (var update in updates) update.IsOn = true;
        }
    }
}
