// The tensor layer by itself: what one operator call costs, and whether memory stays flat.
//   TensorLayer ops            ns per call, the sequence of benchmarks/peer_ops.py
//   TensorLayer leak [STEPS]   resident memory over a training loop
using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

var culture = CultureInfo.InvariantCulture;
switch (args.FirstOrDefault())
{
    case "ops":
        foreach (var (name, nanoseconds) in Operations.Measure()) Console.WriteLine(string.Create(culture, $"{name} {nanoseconds:F0}"));
        return 0;
    case "leak":
        return Leak(args.Length > 1 ? int.Parse(args[1], culture) : 20_000);
    default:
        Console.Error.WriteLine("usage: TensorLayer ops | leak [STEPS]");
        return 2;
}

int Leak(int steps)
{
    using var net = nn.Sequential(("a", nn.Linear(32, 64)), ("b", nn.GELU()), ("c", nn.Linear(64, 1)));
    using var optimizer = optim.AdamW(net.parameters(), lr: 1e-3);
    var x = randn(64, 32);
    var y = x.sum(1, keepdim: true);
    long early = 0;
    for (var i = 1; i <= steps; i++)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        nn.functional.mse_loss(net.call(x), y).backward();
        optimizer.step();
        if (i is not 1000 && i % 5000 != 0) continue;
        // Without a collection the number shows how far the collector's youngest generation has grown, not a leak.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        if (i == 1000) early = process.WorkingSet64;
        Console.WriteLine(string.Create(culture, $"step {i}: {process.WorkingSet64 / 1048576.0:F1} MiB ({100.0 * process.WorkingSet64 / early - 100:+0.0;-0.0}% since step 1000)"));
    }

    using var end = Process.GetCurrentProcess();
    var flat = end.WorkingSet64 <= early * 1.05;
    Console.WriteLine(flat ? "flat: under 5% growth" : "NOT flat: over 5% growth");
    return flat ? 0 : 1;
}
