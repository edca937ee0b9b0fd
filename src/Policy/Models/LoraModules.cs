using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Families;

namespace Rlhf.Policies.Models;

/// <summary>Which modules of a model adapters go to.</summary>
internal static class LoraModules
{
    /// <summary>Every module of every layer that may have an adapter.</summary>
    public static IEnumerable<ModulePart> All(TransformerConfig config)
    {
        var family = ModelFamily.Of(config.Family, "model");
        return Enumerable.Range(0, config.Layers).SelectMany(layer => family.Modules(config, layer));
    }

    /// <summary>Those whose name is, or ends in, one of the targets (c_proj is two of GPT-2's modules, mlp.c_proj one); all for no targets.</summary>
    public static ModulePart[] Chosen(TransformerConfig config, IReadOnlyList<string> targets)
    {
        ModulePart[] all = [.. All(config)];
        foreach (var target in targets)
        {
            if (Array.Exists(all, module => IsNamed(module, target))) continue;
            string[] names = [.. all.Select(module => module.ShortName).Distinct()];
            var hint = KeyNames.Nearest(target, names) is { } nearest ? $"; did you mean '{nearest}'?" : ".";
            throw new RlhfException($"lora.targets: a {config.Family} model has no module '{target}'{hint} It has {string.Join(", ", names)}");
        }

        return targets.Count == 0 ? all : Array.FindAll(all, module => targets.Any(target => IsNamed(module, target)));
    }

    private static bool IsNamed(ModulePart module, string target) =>
        module.CheckpointName == target || module.CheckpointName.EndsWith("." + target, StringComparison.Ordinal);
}
