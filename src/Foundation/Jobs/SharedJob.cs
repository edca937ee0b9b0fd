using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Jobs;

/// <summary>A job of several processes: tensors for an engine, and each exchange counted for the watch.</summary>
internal sealed class SharedJob(int rank, int size, Device device, IEngine engine, IExchangeCount count) : Collective
{
    public override int Rank => rank;
    public override int Size => size;
    public override Device Device => device;

    protected override void SumOf(Tensor tensor)
    {
        if (!engine.Adds(tensor.dtype))
        {
            using var wide = tensor.to(ScalarType.Float32);
            SumOf(wide);
            tensor.copy_(wide);
            return;
        }

        Exchange(() => engine.Sum(Address(tensor), tensor.numel(), tensor.dtype));
    }

    protected override void BroadcastOf(Tensor tensor, int root) => Exchange(() => engine.Broadcast(Address(tensor), Bytes(tensor), root));

    protected override void AssembleOf(Tensor part, Tensor whole) => Exchange(() => engine.Assemble(Address(part), Address(whole), Bytes(part)));

    protected override void ScatterSumOf(Tensor whole, Tensor part)
    {
        if (!engine.Adds(whole.dtype) || whole.dtype != part.dtype)
        {
            using var wide = whole.to(ScalarType.Float32);
            using var sum = part.dtype == ScalarType.Float32 ? part.alias() : empty(part.shape, dtype: ScalarType.Float32, device: device);
            ScatterSumOf(wide, sum);
            if (part.dtype != ScalarType.Float32) part.copy_(sum);
            return;
        }

        Exchange(() => engine.ScatterSum(Address(whole), Address(part), part.numel(), part.dtype));
    }

    protected override void BarrierOf() => Exchange(engine.Barrier);

    private void Exchange(Action exchange)
    {
        count.Enter();
        exchange();
        count.Leave();
    }

    private static long Bytes(Tensor tensor) => tensor.numel() * tensor.element_size();

    private unsafe nint Address(Tensor tensor)
    {
        if (!tensor.is_contiguous() || tensor.device_type != device.type)
            throw new ArgumentException($"a contiguous tensor on {device.type} is expected; this is {(tensor.is_contiguous() ? "" : "not contiguous and ")}on {tensor.device_type}", nameof(tensor));
        void* data;
        if (StableInterface.Data(tensor.Handle, &data) != 0) throw new OperatorException("libtorch does not say where a tensor's numbers are");
        return (nint)data;
    }
}

/// <summary>Who counts the exchanges of a rank, to see whether it keeps up with the others.</summary>
internal interface IExchangeCount
{
    void Enter();

    void Leave();
}
