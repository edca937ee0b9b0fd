using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

/// <summary>Three steps on ((w·[1,2,3] + b − 1)²)/10 from w = [1, −2, 3], b = 0.5; expected numbers from PyTorch 1.13.1.</summary>
public sealed class OptimizerTests
{
    private static Parameter[] Start(ScalarType type = ScalarType.Float32) => [new(tensor([1.0, -2.0, 3.0], type)), new(tensor([0.5], type))];

    private static Tensor Loss(Parameter[] p) => ((p[0] * tensor([1.0, 2.0, 3.0], p[0].dtype)).sum() + p[1] - 1).pow(2).sum() / 10;

    private static float[] After(Parameter[] parameters, optim.Optimizer optimizer, int steps = 3)
    {
        for (var i = 0; i < steps; i++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            Loss(parameters).backward();
            optimizer.step();
        }

        return [.. parameters.SelectMany(p => p.to(ScalarType.Float32).data<float>().ToArray())];
    }

    private static void Close(float[] expected, float[] actual, float tolerance = 2e-6f)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - tolerance, expected[i] + tolerance);
    }

    [Fact]
    public void AdamW_ThreeSteps_MatchesPyTorch()
    {
        var p = Start();
        using var optimizer = optim.AdamW(p, lr: 0.1, weight_decay: 0.1);
        Close([0.6758957f, -2.2350016f, 2.6164939f, 0.1907462f], After(p, optimizer));
    }

    [Fact]
    public void AdamW_TwoGroupsWithOptionsOfTheirOwn_MatchesPyTorch()
    {
        var p = Start();
        using var optimizer = optim.AdamW([
            new AdamW.ParamGroup([p[0]], lr: 0.05, beta1: 0.8, beta2: 0.95, eps: 1e-5, weight_decay: 0.2),
            new AdamW.ParamGroup([p[1]], lr: 0.1, beta1: 0.8, beta2: 0.95, eps: 1e-5, weight_decay: 0)]);
        Close([0.8226786f, -2.0882194f, 2.7632754f, 0.2017737f], After(p, optimizer));
    }

    [Fact]
    public void Adam_DecayInTheGradient_MatchesPyTorch()
    {
        var p = Start();
        using var optimizer = optim.Adam(p, lr: 0.1, weight_decay: 0.1);
        Close([0.7022197f, -2.2971876f, 2.7020688f, 0.202373f], After(p, optimizer));
    }

    [Fact]
    public void Sgd_MomentumAndDecay_MatchesPyTorch()
    {
        var p = Start();
        using var optimizer = optim.SGD(p, 0.01, momentum: 0.9, weight_decay: 0.1);
        Close([0.934373f, -2.1088331f, 2.8031192f, 0.4371756f], After(p, optimizer));
    }

    [Fact]
    public void Sgd_Nesterov_MatchesPyTorch()
    {
        var p = Start();
        using var optimizer = optim.SGD(p, 0.01, momentum: 0.9, nesterov: true);
        Close([0.9159827f, -2.1680346f, 2.7479482f, 0.4159827f], After(p, optimizer));
    }

    [Theory]
    [InlineData(ScalarType.Float64, 0.67510122, -2.23579578, 2.61569922, 1e-7)]
    [InlineData(ScalarType.BFloat16, 0.66796875, -2.203125, 2.625, 0.04)]
    public void AdamW_OtherTypes_TakeTheForeachPath(ScalarType type, double w0, double w1, double w2, double tolerance)
    {
        using var scope = NewDisposeScope();
        Parameter[] p = [new(tensor([1.0, -2.0, 3.0], type))];
        using var optimizer = optim.AdamW(p, lr: 0.1, weight_decay: 0.1);
        for (var i = 0; i < 3; i++)
        {
            optimizer.zero_grad();
            (p[0] * tensor([1.0, 2.0, 3.0], type)).sum().pow(2).backward();
            optimizer.step();
        }

        var actual = p[0].to(ScalarType.Float64).data<double>().ToArray();
        Assert.InRange(actual[0], w0 - tolerance, w0 + tolerance);
        Assert.InRange(actual[1], w1 - tolerance, w1 + tolerance);
        Assert.InRange(actual[2], w2 - tolerance, w2 + tolerance);
    }

    [Fact]
    public void Optimizer_ParameterWithoutGradient_IsLeftAlone()
    {
        var p = Start();
        using var optimizer = optim.AdamW(p, lr: 0.1, weight_decay: 0.5);
        p[0].sum().backward();
        optimizer.step();
        Assert.Equal(0.5f, p[1].item<float>());
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public void StateDict_LoadedIntoAFreshOptimizer_ContinuesBitwise(string kind)
    {
        static optim.Optimizer Make(string kind, Parameter[] p) => kind == "adamw" ? optim.AdamW(p, lr: 0.1, weight_decay: 0.1) : optim.SGD(p, 0.01, momentum: 0.9);
        var straight = Start();
        using var whole = Make(kind, straight);
        After(straight, whole, 5);

        var broken = Start();
        using var before = Make(kind, broken);
        After(broken, before, 2);
        Parameter[] resumed = [.. broken.Select(p => new Parameter(p.detach().clone()))];
        using var after = Make(kind, resumed);
        after.load_state_dict(before.state_dict());
        After(resumed, after, 3);
        Assert.Equal(straight[0].data<float>().ToArray(), resumed[0].data<float>().ToArray());
        Assert.Equal(straight[1].data<float>().ToArray(), resumed[1].data<float>().ToArray());
    }

    [Fact]
    public void ClipGradNorm_NormOfTen_ScalesToOneAndReturnsTheOldNorm()
    {
        Parameter[] p = [new(tensor([3f, 4f]))];
        (p[0] * p[0]).sum().backward();
        Assert.Equal(10.0, nn.utils.clip_grad_norm_(p, 1.0), 5);
        Close([0.6f, 0.8f], p[0].grad!.data<float>().ToArray());
    }

    [Fact]
    public void CosineAndLinear_Schedules_MatchPyTorch()
    {
        Assert.Equal([1.0, 0.85355339, 0.5, 0.14644661, 0.0], Rates(o => optim.lr_scheduler.CosineAnnealingLR(o, 4)));
        Assert.Equal([0.25, 0.5, 0.75, 1.0, 1.0], Rates(o => optim.lr_scheduler.LinearLR(o, start_factor: 0.25, total_iters: 3)));
        Assert.Equal([1.0, 1.0, 0.5, 0.5, 0.25], Rates(o => optim.lr_scheduler.StepLR(o, 2, 0.5)));
        Assert.Equal([0.0, 0.5, 1.0, 1.5, 2.0], Rates(o => optim.lr_scheduler.LambdaLR(o, t => t / 2.0)));
    }

    private static double[] Rates(Func<optim.Optimizer, optim.lr_scheduler.LRScheduler> make)
    {
        using var optimizer = optim.SGD([new Parameter(zeros(1))], 1.0);
        var scheduler = make(optimizer);
        var rates = new double[5];
        for (var i = 0; i < rates.Length; i++, scheduler.step()) rates[i] = Math.Round(optimizer.ParamGroups.Single().LearningRate, 8);
        return rates;
    }
}
