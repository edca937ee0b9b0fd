using System.Text.Json.Nodes;
using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>What tells one family of checkpoints from another: the keys of config.json and the names of tensors.</summary>
internal abstract class ModelFamily
{
    private static readonly ModelFamily[] All =
    [
        new Gpt2Family(), new LlamaFamily(), new QwenFamily(), new GemmaFamily(), new SmolLm3Family(), new Phi3Family(), new Olmo2Family(), new GraniteFamily(), new StableLmFamily(),
        new GptNeoxFamily(),
    ];

    /// <summary>The values of <c>model_type</c> that belong here.</summary>
    public abstract IReadOnlyList<string> ModelTypes { get; }

    /// <summary>What tensor names of the trunk begin with; some files leave it out.</summary>
    public abstract string Prefix { get; }

    /// <summary>The tensor of an output matrix of its own.</summary>
    public abstract string HeadName { get; }

    public static IEnumerable<string> SupportedTypes => All.SelectMany(family => family.ModelTypes);

    public static ModelFamily Of(string modelType, string source) =>
        All.FirstOrDefault(family => family.ModelTypes.Contains(modelType))
        ?? throw new RlhfException($"{source}: model_type '{modelType}' is not supported; supported are {string.Join(", ", SupportedTypes)}");

    public abstract TransformerConfig Read(ConfigReader config);

    /// <summary>The family's keys of config.json.</summary>
    public abstract JsonObject Write(TransformerConfig config);

    /// <summary>The class names Hugging Face knows the model by.</summary>
    public abstract string Architecture(TransformerConfig config, string task);

    public abstract IEnumerable<WeightSlot> Slots(TransformerConfig config);

    /// <summary>Where LoRA's modules lie in the fused projections: (checkpoint module of a layer, ours, first row, rows).</summary>
    public abstract IEnumerable<ModulePart> Modules(TransformerConfig config, int layer);

    /// <summary>weight and, where there is one, bias of a module.</summary>
    protected static IEnumerable<WeightSlot> Module(string name, IReadOnlyList<string> sources, bool bias, WeightLayout layout = WeightLayout.AsIs)
    {
        yield return new WeightSlot($"{name}.weight", [.. sources.Select(source => $"{source}.weight")], layout);
        if (bias) yield return new WeightSlot($"{name}.bias", [.. sources.Select(source => $"{source}.bias")], layout);
    }
}
