using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tests.Checkpoints;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

/// <summary>Hidden states at some places are those of the whole batch there, and so are the gradients they give.</summary>
public sealed class HiddenAtTests
{
    private static readonly long[] s_places = [15, 0, 3, 9, 3];

    public static TheoryData<TransformerConfig> Families => ModelFolderTests.Families;

    [Theory, MemberData(nameof(Families))]
    public void HiddenAt_SomePlaces_GivesTheirRowsOfTheWhole(TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(config with { InitializerRange = 0.2 }, seed: 5);
        ExpectTheSame(model);
    }

    [Theory, MemberData(nameof(Families))]
    public void HiddenAt_WithCheckpointingAndAdapters_GivesTheSame(TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        using var model = AdaptedModel.Of(config);
        model.Trunk.GradientCheckpointing = true;
        ExpectTheSame(model);
    }

    [Fact]
    public void HiddenAt_WithoutGradients_GivesTheSame()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 3, 3, 16), seed: 5);
        using var tokens = Padded();
        using var quiet = no_grad();
        Expect.Same(model.Trunk.Hidden(tokens).view(-1, 24).index_select(0, tensor(s_places)), model.Trunk.HiddenAt(tokens, tensor(s_places)));
    }

    private static void ExpectTheSame(CausalLm model)
    {
        using var tokens = Padded();
        var (expected, gradients) = Results(model, model.Trunk.Hidden(tokens).view(-1, 24).index_select(0, tensor(s_places)));
        var (found, others) = Results(model, model.Trunk.HiddenAt(tokens, tensor(s_places)));
        // Operators may round otherwise where they are given fewer rows; kernels do not.
        if (TrunkShape.Serves(model.Config)) Expect.Same(expected, found);
        else Expect.Close(expected, found, 1e-5);
        Assert.Equal(gradients.Keys, others.Keys);
        Assert.All(gradients, pair => Expect.Close(pair.Value, others[pair.Key], 1e-5));
    }

    private static (Tensor Hidden, Dictionary<string, Tensor> Gradients) Results(CausalLm model, Tensor hidden)
    {
        model.zero_grad();
        using var generator = new Generator(3);
        Autograd.Backward((hidden * randn(hidden.shape, generator: generator)).sum());
        return (hidden.detach(), Gradients.Of(model));
    }

    private static TokenBatch Padded() => TokenBatch.LeftPadded([[1, 5, 9, 2, 30, 4, 4, 17], [3, 3, 8]], 0, CPU);
}
