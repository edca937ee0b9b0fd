using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Cosines and sines of every position's angles [positions, Width/2] in float32, made as far as they are needed.</summary>
/// <param name="reach">the length that decides whether frequencies are stretched; null: that of each pass</param>
internal sealed class RotaryTables(RotaryConfig config, int context, long? reach = null) : IDisposable
{
    private Tensor? _cosines;
    private Tensor? _sines;
    private long _length;
    private bool _isStretched;

    /// <summary>Tables that hold at least the first <paramref name="length"/> positions.</summary>
    public (Tensor Cosines, Tensor Sines) Covering(long length, Device device)
    {
        // With dynamic scaling the frequencies depend on the length itself, once it is beyond the context.
        var stretched = config.IsStretchedAt(reach ?? length, context);
        var exact = config.Scaling == RotaryScaling.Dynamic && (stretched || _isStretched);
        var fits = _cosines is not null && stretched == _isStretched && (exact ? length == _length : length <= _length) && _cosines.device.type == device.type && _cosines.device.index == device.index;
        if (!fits) Make(exact ? length : Math.Max(length, Math.Min(2 * length, context)), reach ?? length, device);
        _isStretched = stretched;
        return (_cosines!, _sines!);
    }

    public void Dispose()
    {
        _cosines?.Dispose();
        _sines?.Dispose();
    }

    private void Make(long rows, long length, Device device)
    {
        var frequencies = RotaryFrequencies.Of(config, context, length);
        var scale = RotaryFrequencies.Scale(config);
        var cosines = new float[rows * frequencies.Length];
        var sines = new float[rows * frequencies.Length];
        for (long position = 0, at = 0; position < rows; position++)
        {
            foreach (var frequency in frequencies)
            {
                var (sine, cosine) = Math.SinCos(position * frequency);
                cosines[at] = (float)(cosine * scale);
                sines[at++] = (float)(sine * scale);
            }
        }

        Dispose();
        _length = rows;
        _cosines = tensor(cosines, [rows, frequencies.Length]).On(device).DetachFromDisposeScope();
        _sines = tensor(sines, [rows, frequencies.Length]).On(device).DetachFromDisposeScope();
    }
}
