using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Jobs;

/// <summary>
/// The processes that work on one job, and what they exchange. Every rank has to make the same exchanges in the same order;
/// tensors lie on <see cref="Device"/> and are contiguous.
/// </summary>
public abstract class Collective
{
    // A score may be infinite until the run has said so.
    private static readonly JsonSerializerOptions s_json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly Stopwatch _exchanging = new();

    /// <summary>A job of one process: every exchange is the identity.</summary>
    public static Collective Alone { get; } = new Single();

    public abstract int Rank { get; }
    public abstract int Size { get; }

    /// <summary>Where the tensors of an exchange have to lie.</summary>
    public abstract Device Device { get; }

    /// <summary>Time spent in exchanges, waits for the other ranks included; on a GPU that of asking for them alone.</summary>
    public TimeSpan Exchanging => _exchanging.Elapsed;

    /// <summary>Every rank's tensor becomes the sum over all ranks, the same bits on each.</summary>
    public void Sum(Tensor tensor) => Measure(() => SumOf(tensor));

    /// <summary>Every rank's tensor becomes that of one.</summary>
    public void Broadcast(Tensor tensor, int root) => Measure(() => BroadcastOf(tensor, root));

    /// <summary>The tensors of all ranks, in order of rank; they have one shape.</summary>
    public Tensor[] Gather(Tensor tensor)
    {
        var one = tensor.contiguous();
        if (Size == 1) return [one.clone()];
        var whole = empty([Size, .. one.shape], dtype: one.dtype, device: one.device);
        AssembleFrom(one, whole);
        return [.. Enumerable.Range(0, Size).Select(rank => whole[rank])];
    }

    /// <summary>The whole of what each rank has a part of, in order of rank; parts have one size.</summary>
    /// <param name="part">this rank's; it may be its place in the whole</param>
    /// <param name="whole">receives all of them</param>
    public void AssembleFrom(Tensor part, Tensor whole)
    {
        if (whole.numel() != part.numel() * Size) throw new ArgumentException($"{Size} parts of {part.numel()} numbers are no whole of {whole.numel()}", nameof(whole));
        Measure(() => AssembleOf(part, whole));
    }

    /// <summary>This rank's part of the sum over all ranks; <see cref="AssembleFrom"/> would make that sum of the parts.</summary>
    /// <param name="whole">what this rank adds</param>
    /// <param name="part">receives a part of the sum</param>
    public void ScatterSum(Tensor whole, Tensor part)
    {
        if (whole.numel() != part.numel() * Size) throw new ArgumentException($"{Size} parts of {part.numel()} numbers are no whole of {whole.numel()}", nameof(whole));
        Measure(() => ScatterSumOf(whole, part));
    }

    /// <summary>Returns on each rank when all have come here.</summary>
    public void Barrier() => Measure(BarrierOf);

    /// <summary>This process's part of some work; the parts of all ranks, one after the other, are the whole in its order.</summary>
    public IReadOnlyList<T> PartOf<T>(IReadOnlyList<T> items) =>
        Size == 1 ? items : [.. items.Take((items.Count * Rank / Size)..(items.Count * (Rank + 1) / Size))];

    /// <summary>The sum of what all ranks have; a rank without a part of the work has none.</summary>
    public Tensor? Total(Tensor? mine, params long[] shape)
    {
        if (Size == 1) return mine;
        var sum = mine ?? zeros(shape, dtype: ScalarType.Float32, device: Device);
        Sum(sum);
        return sum;
    }

    /// <summary>What all ranks hold, in order of rank; it travels as JSON.</summary>
    public T[] GatherValues<T>(T mine)
    {
        if (Size == 1) return [mine];
        using var scope = NewDisposeScope();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(mine, s_json);
        var lengths = Array.ConvertAll(Gather(tensor(new long[] { bytes.Length }, device: Device)), length => (int)length.item<long>());
        var padded = new byte[lengths.Max()];
        bytes.CopyTo(padded, 0);
        return [.. Gather(tensor(padded, device: Device))
            .Select((all, rank) => JsonSerializer.Deserialize<T>(all.cpu().data<byte>().ToArray().AsSpan(0, lengths[rank]), s_json)!)];
    }

    /// <summary>Whether any rank says so.</summary>
    public bool Any(bool mine)
    {
        if (Size == 1) return mine;
        using var votes = tensor(mine ? 1f : 0f, device: Device);
        Sum(votes);
        return votes.ToSingle() > 0;
    }

    protected abstract void SumOf(Tensor tensor);
    protected abstract void BroadcastOf(Tensor tensor, int root);
    protected abstract void AssembleOf(Tensor part, Tensor whole);
    protected abstract void ScatterSumOf(Tensor whole, Tensor part);
    protected abstract void BarrierOf();

    private void Measure(Action exchange)
    {
        _exchanging.Start();
        exchange();
        _exchanging.Stop();
    }

    private sealed class Single : Collective
    {
        public override int Rank => 0;
        public override int Size => 1;
        public override Device Device => CPU;
        protected override void SumOf(Tensor tensor) { }
        protected override void BroadcastOf(Tensor tensor, int root) { }
        protected override void AssembleOf(Tensor part, Tensor whole) => whole.copy_(part.reshape(whole.shape));
        protected override void ScatterSumOf(Tensor whole, Tensor part) => part.copy_(whole.reshape(part.shape));
        protected override void BarrierOf() { }
    }
}
