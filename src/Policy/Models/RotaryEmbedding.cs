using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// Turns the first numbers of each head by the angle of their position: (a, b) → (a·cos − b·sin, b·cos + a·sin),
/// where a and b are the two halves of what is turned (the layout of Hugging Face checkpoints).
/// </summary>
internal sealed class RotaryEmbedding(RotaryConfig config, int context) : IDisposable
{
    private Tensor? _cosines;
    private Tensor? _sines;
    private long _length;

    /// <summary>Cosines and sines [R, 1, Width/2] of the given positions [R]; <paramref name="length"/> is one more than the largest.</summary>
    public (Tensor Cosines, Tensor Sines) At(Tensor positions, long length)
    {
        Cover(length, positions.device);
        return (_cosines!.index_select(0, positions).unsqueeze(1), _sines!.index_select(0, positions).unsqueeze(1));
    }

    /// <summary>Cosines and sines [length, 1, Width/2] of positions 0, 1, 2, …</summary>
    public (Tensor Cosines, Tensor Sines) First(long length, Device device)
    {
        Cover(length, device);
        return (_cosines!.narrow(0, 0, length).unsqueeze(1), _sines!.narrow(0, 0, length).unsqueeze(1));
    }

    /// <summary>x [.., heads, head width] with tables that broadcast over it.</summary>
    public Tensor Turn(Tensor x, Tensor cosines, Tensor sines)
    {
        var half = config.Width / 2;
        var a = x.narrow(-1, 0, half);
        var b = x.narrow(-1, half, half);
        var turned = new List<Tensor> { a.mul(cosines).sub(b.mul(sines)), b.mul(cosines).add(a.mul(sines)) };
        var kept = x.shape[^1] - config.Width;
        if (kept > 0) turned.Add(x.narrow(-1, config.Width, kept));
        return cat(turned, -1);
    }

    public void Dispose()
    {
        _cosines?.Dispose();
        _sines?.Dispose();
    }

    // The table grows by doubling; with dynamic scaling the frequencies depend on the length, so it is made anew.
    private void Cover(long length, Device device)
    {
        var stretched = config.Scaling == RotaryScaling.Dynamic && Math.Max(length, _length) > context && length != _length;
        if (_cosines is not null && length <= _length && !stretched && _cosines.device.type == device.type && _cosines.device.index == device.index) return;
        var rows = stretched ? length : Math.Max(length, Math.Min(2 * length, context));
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
        _cosines = tensor(cosines, [rows, frequencies.Length], device: device).DetachFromDisposeScope();
        _sines = tensor(sines, [rows, frequencies.Length], device: device).DetachFromDisposeScope();
    }
}
