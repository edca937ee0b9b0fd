using Rlhf.Foundation.Jobs;
using static TorchSharp.torch;

namespace Rlhf.TestSupport;

/// <summary>Ranks as threads of one process: what a job computes, without a library that carries it.</summary>
internal sealed class ThreadedJob : IDisposable
{
    private readonly Barrier _barrier;
    private readonly Tensor?[] _given;

    private ThreadedJob(int size) => (_barrier, _given) = (new Barrier(size), new Tensor?[size]);

    /// <summary>Does the work on each rank and returns what all made of it, in order of rank.</summary>
    public static T[] Run<T>(int size, Func<Collective, T> work)
    {
        using var job = new ThreadedJob(size);
        var results = new T[size];
        var failures = new Exception?[size];
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = work(new Seat(job, rank));
            }
            catch (Exception failure)
            {
                failures[rank] = failure;
                job._barrier.RemoveParticipant();
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return Array.Find(failures, failure => failure is not null) is { } first ? throw new InvalidOperationException(first.Message, first) : results;
    }

    public void Dispose() => _barrier.Dispose();

    private sealed class Seat(ThreadedJob job, int rank) : Collective
    {
        public override int Rank => rank;
        public override int Size => job._given.Length;
        public override Device Device => CPU;

        protected override void SumOf(Tensor tensor) => Meet(tensor, all =>
        {
            var sum = all[0].clone();
            foreach (var other in all[1..]) sum.add_(other);
            return sum;
        }, sum => tensor.copy_(sum));

        protected override void BroadcastOf(Tensor tensor, int root) => Meet(tensor, all => all[root].clone(), one => tensor.copy_(one));

        protected override void AssembleOf(Tensor part, Tensor whole) => Meet(part, all => cat([.. all.Select(one => one.reshape(-1))]), all => whole.copy_(all.reshape(whole.shape)));

        protected override void ScatterSumOf(Tensor whole, Tensor part) => Meet(whole, all =>
        {
            var sum = all[0].clone();
            foreach (var other in all[1..]) sum.add_(other);
            return sum.reshape(-1).narrow(0, rank * part.numel(), part.numel());
        }, mine => part.copy_(mine.reshape(part.shape)));

        protected override void BarrierOf() => job._barrier.SignalAndWait();

        private void Meet(Tensor given, Func<Tensor[], Tensor> of, Action<Tensor> take)
        {
            using var scope = NewDisposeScope();
            job._given[rank] = given;
            job._barrier.SignalAndWait();
            var result = of(Array.ConvertAll(job._given, one => one!));
            job._barrier.SignalAndWait();
            take(result);
            job._barrier.SignalAndWait();
        }
    }
}
