using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rlhf.Foundation.Jobs;

/// <summary>The processes that work on one job, as torchrun and Slurm number them.</summary>
public abstract class Collective : IDisposable
{
    // A score may be infinite until the run has said so.
    private static readonly JsonSerializerOptions s_json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>A job of one process: every exchange is the identity.</summary>
    public static Collective Alone { get; } = new Single();

    public abstract int Rank { get; }
    public abstract int Size { get; }

    /// <summary>Where the tensors of an exchange have to lie.</summary>
    public abstract TorchSharp.torch.Device Device { get; }

    /// <summary>Every rank's tensor becomes the sum over all ranks.</summary>
    public abstract void Sum(TorchSharp.torch.Tensor tensor);
    public abstract void Broadcast(TorchSharp.torch.Tensor tensor, int root);

    /// <summary>The tensors of all ranks, in order of rank; they have one shape.</summary>
    public abstract TorchSharp.torch.Tensor[] Gather(TorchSharp.torch.Tensor tensor);
    public abstract void Barrier();

    /// <summary>This process's part of some work; the parts of all ranks, one after the other, are the whole in its order.</summary>
    public IReadOnlyList<T> PartOf<T>(IReadOnlyList<T> items) =>
        Size == 1 ? items : [.. items.Take((items.Count * Rank / Size)..(items.Count * (Rank + 1) / Size))];

    /// <summary>The sum of what all ranks have; a rank without a part of the work has none.</summary>
    public TorchSharp.torch.Tensor? Total(TorchSharp.torch.Tensor? mine, params long[] shape)
    {
        if (Size == 1) return mine;
        var sum = mine ?? TorchSharp.torch.zeros(shape, dtype: TorchSharp.torch.ScalarType.Float32, device: Device);
        Sum(sum);
        return sum;
    }

    /// <summary>What all ranks hold, in order of rank; it travels as JSON.</summary>
    public T[] GatherValues<T>(T mine)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(mine, s_json);
        var lengths = Array.ConvertAll(Gather(TorchSharp.torch.tensor(new long[] { bytes.Length }, device: Device)), length => (int)length.item<long>());
        var padded = new byte[lengths.Max()];
        bytes.CopyTo(padded, 0);
        return [.. Gather(TorchSharp.torch.tensor(padded, device: Device))
            .Select((all, rank) => JsonSerializer.Deserialize<T>(all.cpu().data<byte>().ToArray().AsSpan(0, lengths[rank]), s_json)!)];
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) { }

    /// <summary>The job that WORLD_SIZE (or SLURM_NTASKS) asks for: of one process, where it asks for none.</summary>
    /// <exception cref="RlhfException">It asks for several.</exception>
    public static Collective FromEnvironment() => (Number("WORLD_SIZE") ?? Number("SLURM_NTASKS") ?? 1) is var size and not 1
        ? throw new RlhfException($"WORLD_SIZE asks for {size} processes; jobs of several processes are not offered by this version yet, so start one")
        : Alone;

    private static int? Number(string name)
    {
        var text = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrEmpty(text)) return null;
        return int.TryParse(text, out var number) ? number : throw new RlhfException($"{name} is '{text}'; a whole number was expected.");
    }

    private sealed class Single : Collective
    {
        public override int Rank => 0;
        public override int Size => 1;
        public override TorchSharp.torch.Device Device => TorchSharp.torch.CPU;
        public override void Sum(TorchSharp.torch.Tensor tensor) { }
        public override void Broadcast(TorchSharp.torch.Tensor tensor, int root) { }
        public override TorchSharp.torch.Tensor[] Gather(TorchSharp.torch.Tensor tensor) => [tensor.clone()];
        public override void Barrier() { }
    }
}
