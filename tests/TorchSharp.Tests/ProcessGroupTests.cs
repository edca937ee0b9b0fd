using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

/// <summary>
/// Two processes of this very test program meet over loopback: the outer test starts them with the variables that
/// torchrun and Slurm set, the inner test is what each of them runs.
/// </summary>
public sealed class ProcessGroupTests
{
    private const string Marker = "PROCESS_GROUP_TEST_RANK";

    [Fact]
    public void TwoProcesses_ReduceBroadcastGather_AgreeOnEveryRank()
    {
        Assert.SkipUnless(ProcessGroup.HasGloo, "this libtorch has no Gloo (install libgloo-dev and build again)");
        var port = FreePort();
        var ranks = Enumerable.Range(0, 2).Select(rank => Start(rank, port, nameof(Rank_InAJobOfTwo_ExchangesTensors))).ToArray();
        foreach (var rank in ranks)
        {
            var output = rank.StandardOutput.ReadToEnd();
            Assert.True(rank.WaitForExit(60_000), "a rank hung");
            Assert.True(rank.ExitCode == 0, output);
            Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OtherRankDies_TheExchangeEndsWithAnError()
    {
        Assert.SkipUnless(ProcessGroup.HasGloo, "this libtorch has no Gloo (install libgloo-dev and build again)");
        var port = FreePort();
        using var survivor = Start(0, port, nameof(Rank_WhoseNeighbourDies_GetsAnError));
        using var victim = Start(1, port, nameof(Rank_WhoseNeighbourDies_GetsAnError));
        var output = survivor.StandardOutput.ReadToEnd();
        Assert.True(survivor.WaitForExit(60_000), "the surviving rank hung");
        Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
        victim.Kill(entireProcessTree: true);
    }

    [Fact(Explicit = true)]
    public void Rank_InAJobOfTwo_ExchangesTensors()
    {
        var rank = OwnRank();
        using var scope = NewDisposeScope();
        using var group = Join(rank);
        var sum = tensor([1f + rank, 10f * rank]);
        group.AllReduceSum(sum);
        Assert.Equal([3f, 10f], sum.data<float>().ToArray());

        var max = tensor([(double)rank]);
        group.AllReduceMax(max);
        Assert.Equal(1.0, max.item<double>());

        var sent = tensor([5L + rank]);
        group.Broadcast(sent, 1);
        Assert.Equal(6L, sent.item<long>());

        Assert.Equal([0L, 7L], group.AllGather(tensor([7L * rank])).Select(t => t.item<long>()));
        group.Barrier();
    }

    [Fact(Explicit = true)]
    public void Rank_WhoseNeighbourDies_GetsAnError()
    {
        var rank = OwnRank();
        using var scope = NewDisposeScope();
        using var group = Join(rank);
        group.Barrier();
        if (rank == 1) Environment.Exit(9);
        Assert.ThrowsAny<Exception>(() => group.AllReduceSum(ones(4)));
    }

    private static int OwnRank() => int.Parse(Environment.GetEnvironmentVariable(Marker) ?? throw new InvalidOperationException("runs as one process of the tests that start two"), null);

    private static ProcessGroup Join(int rank) =>
        new("gloo", Environment.GetEnvironmentVariable("MASTER_ADDR")!, int.Parse(Environment.GetEnvironmentVariable("MASTER_PORT")!, null), rank, 2, TimeSpan.FromSeconds(20));

    private static Process Start(int rank, int port, string method)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in new[] { typeof(ProcessGroupTests).Assembly.Location, "-noLogo", "-noColor", "-explicit", "only", "-method", $"*{method}" }) start.ArgumentList.Add(argument);
        start.Environment[Marker] = start.Environment["RANK"] = rank.ToString((IFormatProvider?)null);
        start.Environment["WORLD_SIZE"] = "2";
        start.Environment["MASTER_ADDR"] = "127.0.0.1";
        start.Environment["MASTER_PORT"] = port.ToString((IFormatProvider?)null);
        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
