using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Operators;

[Trait("Device", "gpu")]
public sealed class FusedAdamWTests
{
    // PyTorch 2.10: torch.optim.AdamW(lr=0.1, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1), gradients 1 and −2 and then 0.5 and 1.
    [Theory]
    [InlineData("cpu", false)]
    [InlineData("cpu", true)]
    [InlineData("cuda", false)]
    [InlineData("cuda", true)]
    public void Step_Twice_MovesAsTheFormulaSays(string name, bool divided)
    {
        Assert.SkipUnless(name == "cpu" || cuda.is_available(), "there is no GPU");
        var device = new Device(name);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        Tensor[] weights = [tensor(new[] { 1f }, device: device), tensor(new[] { 2f, -3f }, device: device)];
        Tensor[] first = Array.ConvertAll(weights, one => zeros_like(one)), second = Array.ConvertAll(weights, one => zeros_like(one));
        double[] w = [1, 2, -3], m = new double[3], v = new double[3];
        double[][] gradients = [[1, -2, 0.5], [0.5, 1, -4]];
        for (var step = 1; step <= 2; step++)
        {
            var g = gradients[step - 1];
            var scale = divided ? 4f : 1f;
            Tensor[] given = [tensor(new[] { (float)g[0] * scale }, device: device), tensor(new[] { (float)g[1] * scale, (float)g[2] * scale }, device: device)];
            FusedAdamW.Step(weights, first, second, given, divided ? tensor(new[] { scale }, device: device) : null, new AdamWStep { LearningRate = 0.1, Beta1 = 0.9, Beta2 = 0.95, Epsilon = 1e-8, WeightDecay = 0.1, Step = step });
            for (var i = 0; i < 3; i++)
            {
                w[i] *= 1 - 0.1 * 0.1;
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
                w[i] -= 0.1 * (m[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.95, step))) + 1e-8);
            }
        }

        Expect.Near(w, cat(weights).cpu(), 1e-6);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void GradientNorm_SeveralTensorsOfBothTypes_IsThatOfAllTheirNumbers(string name)
    {
        Assert.SkipUnless(name == "cpu" || cuda.is_available(), "there is no GPU");
        using var scope = NewDisposeScope();
        // 3² + 4² + 70,000·½² + 5·2² = 17,545, and as much again in bfloat16
        Tensor[] tensors = Array.ConvertAll([tensor(new[] { 3f, 4f }), full([70_000], 0.5), full([5, 1], 2.0).t()], one => one.to(new Device(name)));
        Assert.Equal(Math.Sqrt(17_545), GradientNorm.Of(tensors).item<float>(), 1e-3);
        Assert.Equal(Math.Sqrt(35_090), GradientNorm.Of([.. tensors, .. tensors.Select(one => one.to(ScalarType.BFloat16))]).item<float>(), 1e-3);
    }
}
