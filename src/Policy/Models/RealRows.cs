using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>The real tokens of a batch on the CPU, row after row, and which of them places ask for.</summary>
internal sealed class RealRows
{
    private readonly List<int> _lengths = [];
    private readonly List<int> _starts = [];
    private readonly List<int> _tokens = [];
    private readonly int[] _asked;

    private RealRows(int places) => _asked = new int[places];

    /// <summary>How many there are.</summary>
    public int Places => _asked.Length;

    /// <param name="batch">padded anyhow</param>
    /// <param name="places">[N] of the flattened [B·S]; null: all of them</param>
    public static unsafe RealRows Of(TokenBatch batch, Tensor? places)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = ((int)batch.Count, (int)batch.Length);
        var tokens = batch.Tokens.contiguous().Longs();
        var mask = batch.HasPadding ? batch.Mask.contiguous().data<bool>().ToArray() : null;
        var numberOf = new int[rows * length];
        var found = new RealRows(places is null ? numberOf.Length : (int)places.numel());
        for (var row = 0; row < rows; row++)
        {
            var before = found._tokens.Count;
            for (var at = row * length; at < (row + 1) * length; at++)
            {
                var isReal = mask is null || mask[at];
                numberOf[at] = isReal ? found._tokens.Count : -1;
                if (isReal) found._tokens.Add((int)tokens[at]);
            }

            found.Add(found._tokens.Count - before, 0);
        }

        if (places is null)
        {
            numberOf.CopyTo(found._asked, 0);
            return found;
        }

        var of = places.contiguous().Longs();
        for (var i = 0; i < found._asked.Length; i++)
        {
            if (of[i] < 0 || of[i] >= numberOf.Length) throw new ArgumentException($"there is no place {of[i]} of {numberOf.Length}", nameof(places));
            found._asked[i] = numberOf[of[i]];
        }

        return found;
    }

    /// <param name="tokens">[B, n]</param>
    /// <param name="starts">[B] the position of each row's first</param>
    public static unsafe RealRows From(Tensor tokens, Tensor starts)
    {
        using var scope = NewDisposeScope();
        var (count, length) = ((int)tokens.shape[0], (int)tokens.shape[1]);
        long* all = tokens.contiguous().Longs(), from = starts.contiguous().Longs();
        var found = new RealRows(count * length);
        for (var i = 0; i < found._asked.Length; i++)
        {
            found._tokens.Add((int)all[i]);
            found._asked[i] = i;
        }

        for (var row = 0; row < count; row++) found.Add(length, (int)from[row]);
        return found;
    }

    /// <param name="vocabulary">of the model; kernels look up and add wherever a token points</param>
    public unsafe RaggedBatch ToRagged(int vocabulary)
    {
        foreach (var token in _tokens) TokenIds.Want(token, vocabulary);
        var batch = new RaggedBatch(_lengths, _asked);
        for (int sequence = 0, row = 0; sequence < _lengths.Count; sequence++)
        {
            for (var t = 0; t < _lengths[sequence]; t++, row++)
            {
                batch.Tokens[row] = _tokens[row];
                batch.Positions[row] = _starts[sequence] + t;
            }
        }

        return batch;
    }

    // A row without a real token is none.
    private void Add(int length, int start)
    {
        if (length == 0) return;
        _lengths.Add(length);
        _starts.Add(start);
    }
}
