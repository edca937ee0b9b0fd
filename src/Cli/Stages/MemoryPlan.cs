using Rlhf.Policies.Families;

namespace Rlhf.Cli.Stages;

/// <summary>What a model in memory is kept for.</summary>
internal enum Upkeep
{
    /// <summary>Only read: its weights.</summary>
    Frozen,

    /// <summary>Only read, and on the device for no longer than that takes: no update finds it there.</summary>
    Passing,

    /// <summary>Trained through adapters: its weights are only read, but the backward pass goes through it.</summary>
    Adapted,

    /// <summary>Trained: float32 weights, gradients and AdamW's two moments, and what a backward pass has to keep.</summary>
    Trained,
}

/// <summary>A model a stage holds.</summary>
internal readonly record struct HeldModel(TransformerConfig Shape, Upkeep Upkeep);

/// <summary>What decides how much memory a stage takes.</summary>
internal sealed record MemoryPlan
{
    /// <summary>The one that generates, if one does, first.</summary>
    public required IReadOnlyList<HeldModel> Models { get; init; }

    /// <summary>What goes through a model at once, padding included.</summary>
    public required long Tokens { get; init; }

    /// <summary>The most tokens that one row of them has.</summary>
    public required long Longest { get; init; }

    public required Precision Dtype { get; init; }

    public required bool OnCpu { get; init; }

    /// <summary>Whether kernels compute it: in float32, whatever the type of the weights.</summary>
    public required bool InKernels { get; init; }

    public bool GradientCheckpointing { get; init; }

    /// <summary>Processes that the optimizer's state is spread over.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>Places in the cache that responses are generated in; 0 where none are.</summary>
    public long CachedTokens { get; init; }

    /// <summary>The most tokens a step draws; 0 where none are.</summary>
    public long DrawnTokens { get; init; }

    public IReadOnlyList<TransformerConfig> Learning => [.. Held(Upkeep.Adapted, Upkeep.Trained)];

    public IEnumerable<TransformerConfig> Held(params Upkeep[] kinds) => Models.Where(model => kinds.Contains(model.Upkeep)).Select(model => model.Shape);
}
