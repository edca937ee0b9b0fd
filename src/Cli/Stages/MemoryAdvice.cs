using Rlhf.Policies.Models;

namespace Rlhf.Cli.Stages;

/// <summary>By which keys a command takes less memory: those it has, and of switches those that are off.</summary>
/// <param name="Key">what goes through a model at once</param>
/// <param name="Size">how much that is</param>
/// <param name="Least">less makes everything slow and saves little</param>
internal sealed record MemoryAdvice(string Key, int Size, int Least)
{
    public const int FewTokens = 256;

    /// <summary>The switch that changes no number; null where there is none to turn on.</summary>
    public string? Checkpointing { get; init; }

    /// <summary>What changes the numbers, or the model.</summary>
    public string Otherwise { get; init; } = "use a smaller model";

    /// <summary>For a run that has not begun.</summary>
    public string Beforehand => $"{Exact($"lower {Key}")}, or {Otherwise}";

    /// <summary>For one that found no room.</summary>
    public string Afterwards => Size > Least ? $"{Exact($"lower {Key} from {Size} to {Size / 2}")} and run the same command again"
        : Checkpointing is not null ? $"{Exact()} and run the same command again"
        : Otherwise;

    private string Exact(params string[] lower) =>
        string.Join(" or ", Checkpointing is null ? lower : [.. lower, $"set {Checkpointing}=true"]) + " (the numbers stay the same)";

    /// <summary>For a stage that trains.</summary>
    /// <param name="lora">null where there is nothing that adapters could go onto</param>
    public static MemoryAdvice ForTraining(Recipe recipe, string stage, int tokens, bool checkpointing, LoraRecipe? lora)
    {
        List<string> others = ["a smaller model"];
        if (recipe.Dtype != Precision.BFloat16) others.Add("dtype=bfloat16");
        if (lora is { IsOn: false }) others.Add($"{stage}.lora");
        return new($"{stage}.micro_batch_tokens", tokens, FewTokens)
        {
            Checkpointing = checkpointing ? null : $"{stage}.gradient_checkpointing",
            Otherwise = $"use {string.Join(" or ", others)}",
        };
    }
}
