using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// Token rows of one length with the mask of what is real. Padding may stand on either side;
/// positions count real tokens, so what is real does not depend on it.
/// </summary>
public sealed class TokenBatch : IDisposable
{
    private Tensor? _positions;
    private int[]? _lengths;

    /// <param name="tokens">[B, S] int64.</param>
    /// <param name="mask">[B, S] bool, true where a token is real.</param>
    public TokenBatch(Tensor tokens, Tensor mask) : this(tokens, mask, HasFalse(mask), paddedAtEnd: false, lengths: null) { }

    private TokenBatch(Tensor tokens, Tensor mask, bool hasPadding, bool paddedAtEnd, int[]? lengths)
    {
        _lengths = lengths;
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

    /// <summary>Real tokens of each row.</summary>
    public IReadOnlyList<int> Lengths
    {
        get
        {
            if (_lengths is not null) return _lengths;
            using var scope = NewDisposeScope();
            return _lengths = [.. Mask.sum(1, type: ScalarType.Int32).cpu().data<int>()];
        }
    }

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

    /// <summary>The same rows with their padding behind what is real.</summary>
    internal TokenBatch Aligned()
    {
        var order = Mask.logical_not().to(ScalarType.Int8).sort(1, descending: false, stable: true).Indices; // [B, S], what is real first
        return new TokenBatch(Tokens.gather(1, order), Mask.gather(1, order), HasPadding, paddedAtEnd: true, _lengths);
    }

    /// <summary>Where in the flattened <see cref="Aligned"/> rows places [N] of these are, or all of them; padding is wherever its position says.</summary>
    internal Tensor WhenAligned(Tensor? places)
    {
        var all = Positions.Plus(Arithmetic.Range(Count, Tokens.device).mul(Number.Of(Length)).unsqueeze(1)).reshape(-1); // [B·S]
        return places is null ? all : all.index_select(0, places);
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
        return new TokenBatch(tensor(tokens, shape).On(device), tensor(mask, shape).On(device), mask.Contains(false), atEnd, [.. rows.Select(row => row.Length)]);
    }

    private static bool HasFalse(Tensor mask)
    {
        using var all = mask.all();
        return !all.item<bool>();
    }
}
