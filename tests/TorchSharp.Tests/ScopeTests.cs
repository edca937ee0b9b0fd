using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class ScopeTests
{
    [Fact]
    public void Scope_Ends_DisposesWhatWasMadeInIt()
    {
        Tensor inner, moved;
        using (NewDisposeScope())
        {
            using (var scope = NewDisposeScope())
            {
                inner = ones(2);
                moved = (inner * 2).MoveToOuterDisposeScope();
                Assert.Equal(1, scope.DisposablesCount);
            }

            Assert.True(inner.IsInvalid);
            Assert.False(moved.IsInvalid);
        }

        Assert.True(moved.IsInvalid);
    }

    [Fact]
    public void Detach_TensorOutlivesEveryScope()
    {
        Tensor kept;
        using (NewDisposeScope()) kept = ones(2).DetachFromDisposeScope();
        Assert.Equal(2f, kept.sum().item<float>());
        kept.Dispose();
        Assert.True(kept.IsInvalid);
    }

    [Fact]
    public void DisposeEverythingBut_KeepsTheNamed()
    {
        using var scope = NewDisposeScope();
        var a = ones(1);
        var b = ones(1);
        scope.DisposeEverythingBut([b]);
        Assert.True(a.IsInvalid);
        Assert.False(b.IsInvalid);
    }

    [Fact]
    public void Scopes_AreOfTheirThread()
    {
        using var scope = NewDisposeScope();
        Tensor? made = null;
        var thread = new Thread(() => made = ones(1));
        thread.Start();
        thread.Join();
        Assert.Equal(0, scope.DisposablesCount);
        made!.Dispose();
    }

    [Fact]
    public void Dispose_Twice_IsHarmless()
    {
        using var scope = NewDisposeScope();
        var x = ones(1);
        x.Dispose();
        x.Dispose();
        Assert.Throws<ObjectDisposedException>(() => x.shape);
    }

    [Fact]
    public void IndexOfEverything_IsANewObjectOverTheSameMemory()
    {
        using var scope = NewDisposeScope();
        var x = zeros(3);
        var view = x[TensorIndex.Ellipsis];
        Assert.NotSame(x, view);
        view.fill_(1);
        Assert.Equal(3f, x.sum().item<float>());
        Assert.Equal(x.storage_data_ptr(), view.storage_data_ptr());
    }

    [Fact]
    public void Unowned_TensorsAreFreedByTheCollector()
    {
        // 200 × 16 MB would not fit unnoticed: without finalizers this grows by over 3 GB.
        for (var i = 0; i < 200; i++)
        {
            MakeAndForget();
            if (i % 10 != 9) continue;
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.InRange(Environment.WorkingSet, 0, 1_500_000_000);
    }

    private static void MakeAndForget() => ones(4_000_000);

    [Fact]
    public void TrainingLoop_ResidentMemory_StaysFlat()
    {
        using var net = nn.Sequential(("a", nn.Linear(32, 64)), ("b", nn.GELU()), ("c", nn.Linear(64, 1)));
        using var optimizer = optim.AdamW(net.parameters(), lr: 1e-3);
        var x = randn(64, 32);
        var y = x.sum(1, keepdim: true);
        long Loop(int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                nn.functional.mse_loss(net.call(x), y).backward();
                optimizer.step();
            }

            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return process.WorkingSet64;
        }

        var before = Loop(500);
        var after = Loop(3000);
        Assert.InRange(after, 0, before * 1.05);
    }
}
