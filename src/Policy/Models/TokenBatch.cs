using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// Token rows of one length with the mask of what is real. Padding may stand on either side;
/// positions count real tokens, so what is real does not depend on it.
/// </summary>
public sealed class TokenBatch : IDisposable
{
    private Tensor? _positions;

    /// <param name="tokens">[B, S] int64.</param>
    /// <param name="mask">[B, S] bool, true where a token is real.</param>
    public TokenBatch(Tensor tokens, Tensor mask) : this(tokens, mask, HasFalse(mask), paddedAtEnd: false) { }

    private TokenBatch(Tensor tokens, Tensor mask, bool hasPadding, bool paddedAtEnd)
    {
        Tokens = tokens;
        Mask = mask;
        HasPadding = hasPadding;
        PaddedAtEnd = paddedAtEnd;
    }

    /// <summary>[B, S] int64.</summary>
    public Tensor Tokens { get; }

    /// <summary>[B, S] bool, true where a token is real.</summary>
    public Tensor Mask { get; }

    public bool HasPadding { get; }

    /// <summary>Whether padding is known to stand behind what is real, where causal order alone hides it.</summary>
    public bool PaddedAtEnd { get; }

    public long Count => Tokens.shape[0];

    public long Length => Tokens.shape[1];

    /// <summary>[B, S] int64: cumsum(mask) − 1, at least 0.</summary>
    public Tensor Positions
    {
        get
        {
            if (_positions is not null) return _positions;
            using var scope = NewDisposeScope();
            return _positions = Mask.cumsum(1, ScalarType.Int64).sub_(Number.Of(1)).clamp_min_(Number.Of(0)).DetachFromDisposeScope();
        }
    }

    public static TokenBatch LeftPadded(IReadOnlyList<int[]> rows, int pad, Device device) =>
        Padded(rows, pad, device, atEnd: false);

    public static TokenBatch RightPadded(IReadOnlyList<int[]> rows, int pad, Device device) =>
        Padded(rows, pad, device, atEnd: true);

    public void Dispose()
    {
        Tokens.Dispose();
        Mask.Dispose();
        _positions?.Dispose();
    }

    private static TokenBatch Padded(IReadOnlyList<int[]> rows, int pad, Device device, bool atEnd)
    {
        var length = Math.Max(1, rows.Max(row => row.Length));
        var tokens = new long[rows.Count * length];
        var mask = new bool[rows.Count * length];
        Array.Fill(tokens, pad);
        for (var i = 0; i < rows.Count; i++)
        {
            var at = i * length + (atEnd ? 0 : length - rows[i].Length);
            for (var j = 0; j < rows[i].Length; j++)
            {
                tokens[at + j] = rows[i][j];
                mask[at + j] = true;
            }
        }

        var shape = new long[] { rows.Count, length };
        return new TokenBatch(tensor(tokens, shape, device: device), tensor(mask, shape, device: device), mask.Contains(false), atEnd);
    }

    private static bool HasFalse(Tensor mask)
    {
        using var all = mask.all();
        return !all.item<bool>();
    }
}
