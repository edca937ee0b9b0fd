using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using Parameter = TorchSharp.Modules.Parameter;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Models;

/// <summary>A transformer that scores texts: K linear heads without bias on the last token's hidden state, one for a plain reward model.</summary>
public sealed class RewardModel : WeightModule
{
    /// <summary>The parameter of the heads.</summary>
    internal const string HeadName = "score";

    /// <param name="head">[K, D].</param>
    public RewardModel(Transformer trunk, Tensor head) : base(nameof(RewardModel))
    {
        Trunk = trunk;
        register_module("trunk", trunk);
        Keep(HeadName, head);
        Scales = [.. Enumerable.Repeat(ScoreScale.Identity, Heads)];
    }

    public Transformer Trunk { get; }

    /// <summary>[K, D].</summary>
    public Parameter Head => Kept(HeadName);

    public int Heads => (int)Head.shape[0];

    /// <summary>One scale for each head, which makes its scores of reference samples 0 on average with deviation 1.</summary>
    public IReadOnlyList<ScoreScale> Scales { get; set; }

    /// <summary>A trunk with new heads, N(0, 1/√(D+1)) (Stiennon et al. 2020), the same for the same seed.</summary>
    public static RewardModel Create(Transformer trunk, int heads, long seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        var head = randn([heads, trunk.Config.Width], generator: generator).mul_(Number.Of(1 / Math.Sqrt(trunk.Config.Width + 1)));
        return new RewardModel(trunk, head.to(trunk.Embedding.dtype, trunk.Embedding.device));
    }

    /// <summary>What the heads say to each text, [B, K] in float32, read at its last token. Padding on either side changes nothing.</summary>
    public Tensor Logits(TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        var last = Trunk.HiddenAt(batch, Last(batch));                                       // [B, D]
        return nn.functional.linear(last.to(ScalarType.Float32), Head.to(ScalarType.Float32), null).MoveToOuterDisposeScope();
    }

    // [B] places of the last real tokens among all of them.
    private static Tensor Last(TokenBatch batch)
    {
        var columns = Arithmetic.Range(batch.Length, batch.Tokens.device);
        var last = columns.mul(batch.Mask.to(ScalarType.Int64)).argmax(1);
        return Arithmetic.Range(batch.Count, batch.Tokens.device).mul(Number.Of(batch.Length)).Plus(last);
    }
}
