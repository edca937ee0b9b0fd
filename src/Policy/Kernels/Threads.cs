using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Kernels;

/// <summary>One piece of work that several threads do together.</summary>
internal interface ITasks
{
    /// <summary>The task of this number; no other touches what it writes.</summary>
    void Do(int task);
}

/// <summary>libtorch's own threads: a pool beside them would fight for the same cores.</summary>
internal static unsafe class Threads
{
    public static int Count => get_num_threads();

    /// <summary>Does so many tasks, each on whichever thread is free next: who does one changes nothing in it.</summary>
    public static void Share<TTasks>(int count, TTasks tasks)
        where TTasks : struct, ITasks
    {
        var threads = Math.Min(Count, count);
        if (threads <= 1)
        {
            for (var task = 0; task < count; task++) tasks.Do(task);
            return;
        }

        var shared = new Shared<TTasks>(count, tasks);
        var handle = GCHandle.Alloc(shared);
        try
        {
            // A part of the range for each thread; what a part is of does not matter.
            if (StableInterface.ParallelFor(0, threads, 1, &Begin, (void*)GCHandle.ToIntPtr(handle)) != 0) throw new OperatorException("libtorch could not start its threads; it has written why to stderr");
        }
        finally
        {
            handle.Free();
        }

        shared.Rethrow();
    }

    [UnmanagedCallersOnly]
    private static void Begin(long first, long end, void* shared) => ((Shared)GCHandle.FromIntPtr((nint)shared).Target!).Work();

    private abstract class Shared
    {
        public abstract void Work();
    }

    private sealed class Shared<TTasks>(int count, TTasks tasks) : Shared
        where TTasks : struct, ITasks
    {
        private readonly TTasks _tasks = tasks;
        private int _next = -1;
        private Exception? _failure;

        public override void Work()
        {
            try
            {
                for (var task = Interlocked.Increment(ref _next); task < count && _failure is null; task = Interlocked.Increment(ref _next)) _tasks.Do(task);
            }
            catch (Exception failure)
            {
                // Beyond here is native code.
                Interlocked.CompareExchange(ref _failure, failure, null);
            }
        }

        public void Rethrow()
        {
            if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
        }
    }
}
