using System.Numerics;
using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Generation;

/// <summary>In which sizes a device decodes, and how often its host looks.</summary>
internal sealed record DecodeSchedule
{
    /// <summary>A processor waits for itself anyway: what is finished leaves at once, and nothing is computed that nobody reads.</summary>
    public static DecodeSchedule Stepwise { get; } = new() { TokensAhead = 1, Rows = (count, _) => count, Columns = (longest, _) => longest, Record = (_, _) => null };

    /// <summary>
    /// A GPU is told more than it has done yet, in sizes few enough to be recorded: powers of two of rows, and columns in
    /// blocks. They are the same where nothing is recorded, because a product's last bits may depend on its size.
    /// </summary>
    public static DecodeSchedule Ahead { get; } = new() { TokensAhead = 16, Rows = PowerOfTwo, Columns = Block, Record = Recorded };

    /// <summary>Tokens that every row gets before finished episodes are looked for.</summary>
    public required int TokensAhead { get; init; }

    /// <summary>Rows to compute for so many in use, of so many there are.</summary>
    public required Func<int, int, int> Rows { get; init; }

    /// <summary>Columns to attend to where the longest row takes so many, of so many there are.</summary>
    public required Func<long, long, long> Columns { get; init; }

    /// <summary>Records work on a device; null where it has to be run each time.</summary>
    public required Func<Device, Action, IRecording?> Record { get; init; }

    public static DecodeSchedule Of(Device device) => device.type == DeviceType.CUDA ? Ahead : Stepwise;

    private static int PowerOfTwo(int count, int most) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)count), (uint)most);

    private static CudaGraph? Recorded(Device device, Action work) => CudaGraph.IsOffered ? CudaGraph.Record(device, work) : null;

    private static long Block(long longest, long most) => Math.Min((longest + 63) / 64 * 64, most);
}
