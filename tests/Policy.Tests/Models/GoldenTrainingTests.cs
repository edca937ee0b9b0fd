using System.Text.Json;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

public sealed class GoldenTrainingTests
{
    [Fact]
    public void Gradients_GoldenGpt2_HaveTheNormsOfTransformers()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var golden = new GoldenModel("gpt2");
        using var model = ModelFolder.Load(golden.Folder, CPU);
        using var tokens = golden.Batch("batch_plain").Tokens();
        var loss = Loss(model, tokens);
        Assert.Equal(golden.Train.GetProperty("loss").GetDouble(), loss.item<float>(), 1e-4);
        Autograd.Backward(loss);

        var gradients = ByCheckpointName(model, parameter => parameter.grad!);
        foreach (var norm in golden.Train.GetProperty("all_grad_norms").EnumerateObject())
            Assert.Equal(norm.Value.GetDouble(), gradients[norm.Name].norm().item<float>(), 1e-4);
        Assert.Equal(golden.Train.GetProperty("grad_norm_global").GetDouble(), Math.Sqrt(gradients.Values.Sum(g => g.square().sum().item<float>())), 1e-4);
    }

    [Fact]
    public void FiveStepsOfAdamW_GoldenGpt2_LeadWhereTransformersLead()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var golden = new GoldenModel("gpt2");
        using var model = ModelFolder.Load(golden.Folder, CPU);
        using var tokens = golden.Batch("batch_plain").Tokens();
        var expected = golden.Train.GetProperty("adamw");
        var optimizer = optim.AdamW(model.parameters(), lr: expected.GetProperty("lr").GetDouble(), weight_decay: 0);
        foreach (var before in expected.GetProperty("losses_before_each_step").Deserialize<double[]>()!)
        {
            var loss = Loss(model, tokens);
            Assert.Equal(before, loss.item<float>(), 1e-4);
            optimizer.zero_grad();
            Autograd.Backward(loss);
            optimizer.step();
        }

        Assert.Equal(expected.GetProperty("loss_after_5").GetDouble(), Loss(model, tokens).item<float>(), 1e-4);
        var weights = ByCheckpointName(model, parameter => parameter);
        foreach (var norm in expected.GetProperty("param_norms_after_5").EnumerateObject())
            Assert.Equal(norm.Value.GetDouble(), weights[norm.Name].norm().item<float>(), Tolerance(norm.Name, 1e-4));
        foreach (var sum in expected.GetProperty("param_sums_after_5").EnumerateObject())
            Assert.Equal(sum.Value.GetDouble(), weights[sum.Name].to(ScalarType.Float64).sum().item<double>(), Tolerance(sum.Name, 2e-3)); // of up to 9216 numbers
    }

    // A bias of keys shifts all scores of a query alike: its gradient is rounding alone, which Adam scales up to full steps.
    private static double Tolerance(string name, double otherwise) => name.EndsWith("c_attn.bias", StringComparison.Ordinal) ? 0.1 : otherwise;

    private static Tensor Loss(CausalLm model, TokenBatch tokens) => GoldenModelTests.NextTokenLogProbs(model, tokens).mean().neg();

    private static Dictionary<string, Tensor> ByCheckpointName(CausalLm model, Func<TorchSharp.Modules.Parameter, Tensor> value)
    {
        var parameters = model.Trunk.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter);
        var family = ModelFamily.Of("gpt2", "test");
        return family.Slots(model.Config).ToDictionary(slot => family.Prefix + slot.Sources[0], slot => value(parameters[slot.Name]));
    }
}
