using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

/// <summary>Small models with adapters that do something: B is random instead of 0.</summary>
internal static class AdaptedModel
{
    public static readonly LoraRecipe Recipe = new() { Rank = 3, Alpha = 6 };

    public static CausalLm Of(TransformerConfig config, LoraRecipe? recipe = null) => Stirred(CausalLm.Create(config with { InitializerRange = 0.2 }, seed: 5), recipe);

    public static CausalLm Stirred(CausalLm model, LoraRecipe? recipe = null)
    {
        var adapter = LoraAdapter.Attach(model, recipe ?? Recipe, seed: 7, baseModel: "base");
        using var quiet = no_grad();
        using var generator = new Generator(11);
        foreach (var part in adapter.Parts) part.Up.copy_(randn(part.Up.shape, generator: generator).mul_(0.1));
        return model;
    }

    public static TokenBatch Tokens() => TokenBatch.RightPadded([[1, 5, 9, 2, 30, 4, 4, 17], [3, 3, 8, 29, 11, 0, 6, 21]], 0, CPU);

    public static Tensor Logits(CausalLm model)
    {
        using var quiet = no_grad();
        using var tokens = Tokens();
        return model.Logits(model.Trunk.Hidden(tokens));
    }

    /// <summary>Mean loss of every token but the first of each row, in nats.</summary>
    public static Tensor Loss(CausalLm model)
    {
        using var tokens = Tokens();
        var logits = model.Logits(model.Trunk.Hidden(tokens)).narrow(1, 0, tokens.Length - 1).flatten(0, 1);
        return nn.functional.cross_entropy(logits, tokens.Tokens.narrow(1, 1, tokens.Length - 1).flatten());
    }
}
