using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// What an update needs to know of a batch of episodes: which tokens are real and what was believed of them when they
/// were drawn. Tensors are [B,T], 0 outside the mask.
/// </summary>
public class Trajectories(TokenLayout layout)
{
    public TokenLayout Layout { get; } = layout;

    /// <summary>B</summary>
    public int Count => Layout.Count;

    /// <summary>[B,T] bool</summary>
    public Tensor Mask => Layout.Mask;

    /// <summary>[B,T] ln π_old</summary>
    public required Tensor LogProbs { get; init; }

    /// <summary>[B,T] ln μ, by the sampler that drew the tokens; read by a correction for where it differs from π_old</summary>
    public Tensor? DrawnLogProbs { get; init; }

    /// <summary>[B,T] V_old; null without a critic</summary>
    public Tensor? Values { get; init; }

    /// <summary>[B] value of the state behind a cut-off episode, 0 for one that ended; null for 0 everywhere</summary>
    public Tensor? Bootstrap { get; init; }

    /// <summary>[B,T] ln ρ; null without a reference</summary>
    public Tensor? ReferenceLogProbs { get; init; }

    /// <summary>[B,T] ln τ; null without a teacher</summary>
    public Tensor? TeacherLogProbs { get; init; }

    /// <summary>What an episode costs to go through the models, in tokens.</summary>
    public virtual int Cost(int row) => Layout.Lengths[row];
}
