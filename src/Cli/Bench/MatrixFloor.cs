using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using static TorchSharp.torch;

namespace Rlhf.Cli.Bench;

/// <summary>A product [Rows, Inner]·[Inner, Columns], done so many times.</summary>
public readonly record struct MatrixProduct(long Rows, long Inner, long Columns, long Times);

/// <summary>
/// The time that the matrix products of some work take by themselves, each measured alone at its own size with the
/// fastest product at hand: what no implementation of that work on this machine can go below.
/// </summary>
public static class MatrixFloor
{
    private const int Repeats = 6;

    /// <summary>
    /// Products of one forward pass over rows·length tokens of which `predicted` get logits, and are all that the last layer
    /// needs beside keys and values; the backward pass has two for each.
    /// </summary>
    public static IEnumerable<MatrixProduct> Forward(TransformerConfig model, long rows, long length, long predicted)
    {
        var tokens = rows * length;
        yield return new MatrixProduct(tokens, model.Width, model.QueryKeyValueWidth, model.Layers);
        foreach (var (asked, layers) in new[] { (tokens, model.Layers - 1), (predicted, 1) })
        {
            yield return new MatrixProduct(asked, model.Heads * model.HeadWidth, model.Width, layers);
            yield return new MatrixProduct(asked, model.Width, model.Hidden, model.GatedFeedForward ? 2 * layers : layers);
            yield return new MatrixProduct(asked, model.Hidden, model.Width, layers);
        }

        // Attention: scores and mixtures of every head, as one product of the same number of multiply-adds.
        yield return new MatrixProduct(tokens, model.HeadWidth, length, 2L * model.Heads * model.Layers);
        yield return new MatrixProduct(predicted, model.Width, model.Vocabulary, 1);
    }

    /// <summary>A forward pass and what its gradients need: x·W, g·Wᵀ and xᵀ·g for each product.</summary>
    public static IEnumerable<MatrixProduct> ForwardAndBackward(IEnumerable<MatrixProduct> forward)
    {
        foreach (var product in forward)
        {
            yield return product;
            yield return product with { Inner = product.Columns, Columns = product.Inner };
            yield return new MatrixProduct(product.Inner, product.Rows, product.Columns, product.Times);
        }
    }

    public static double Seconds(IEnumerable<MatrixProduct> products, Device device, ScalarType type) =>
        products.GroupBy(product => product with { Times = 0 }).Sum(group => Best(group.Key, device, type) * group.Sum(product => product.Times));

    private static double Best(MatrixProduct product, Device device, ScalarType type)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var (a, b) = (randn(product.Rows, product.Inner, device: device).to(type), randn(product.Inner, product.Columns, device: device).to(type));
        var composed = MachineCeilings.Best(() => mm(a, b).Dispose(), device, Repeats);
        if (!KernelRule.ServesModel(device, type)) return composed;
        using var sample = new SampleProduct((int)product.Rows, (int)product.Inner, (int)product.Columns, type);
        return Math.Min(composed, MachineCeilings.Best(sample.Run, device, Repeats));
    }
}
