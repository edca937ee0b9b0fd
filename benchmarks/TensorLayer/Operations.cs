using System.Diagnostics;
using static TorchSharp.torch;

/// <summary>Small operators, so that what is timed is the way to the kernel and not the kernel.</summary>
internal static class Operations
{
    public static IEnumerable<(string name, double nanoseconds)> Measure()
    {
        set_num_threads(1);
        manual_seed(0);
        var a = randn(8, 8);
        var b = randn(8, 8);
        var w = randn([8, 8], requires_grad: true);
        yield return Time("add", () => { using var r = a + b; });
        yield return Time("mul_scalar", () => { using var r = a * 0.5; });
        yield return Time("matmul", () => { using var r = a.matmul(b); });
        yield return Time("addmm", () => { using var r = a.addmm(a, b); });
        yield return Time("softmax", () => { using var r = a.softmax(-1); });
        yield return Time("view", () => { using var r = a.view(64); });
        yield return Time("slice", () => { using var r = a.narrow(0, 2, 4); });
        yield return Time("sum_dim", () => { using var r = a.sum(-1); });
        yield return Time("sequence", () =>
        {
            using var scope = NewDisposeScope();
            var h = a.matmul(b).relu() + a;
            _ = (h * 0.5).softmax(-1).sum(0L).view(2, 4).transpose(0, 1);
        });
        yield return Time("forward_backward", () =>
        {
            using var scope = NewDisposeScope();
            a.matmul(w).tanh().sum().backward();
            w.grad = null;
        });
    }

    private static (string, double) Time(string name, Action action)
    {
        for (var i = 0; i < 20_000; i++) action();
        var best = double.PositiveInfinity;
        for (var round = 0; round < 7; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < 20_000; i++) action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / 20_000);
        }

        return (name, best);
    }
}
