using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>
/// Hidden states [N, D] before a head, and the logits of a block of rows at a time: they are made, asked and forgotten before the
/// next block's take their place, unless they are to be kept.
/// </summary>
internal sealed unsafe class LogitRows
{
    // A block's logits stay within the caches, but for very large vocabularies: fewer rows would read the head too often.
    private const int Numbers = 1 << 18, Fewest = 24, Most = 96;

    private readonly void* _hidden;
    private readonly bool _isNarrow;

    /// <param name="hidden">[N, D] contiguous, float32 or bfloat16, on the CPU; has to outlive this</param>
    /// <param name="head">of D columns</param>
    public LogitRows(Tensor hidden, PackedHead head)
    {
        _isNarrow = hidden.dtype == ScalarType.BFloat16;
        _hidden = hidden.Numbers(_isNarrow ? ScalarType.BFloat16 : ScalarType.Float32);
        Head = head;
        Count = (int)hidden.shape[0];
        BlockRows = Math.Clamp(Numbers / head.Vocabulary, Fewest, Most);
    }

    public PackedHead Head { get; }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>Rows of a block.</summary>
    public int BlockRows { get; }

    public int Blocks => (Count + BlockRows - 1) / BlockRows;

    /// <summary>Numbers that a block's hidden states and logits take.</summary>
    public long BlockSize => (long)BlockRows * (Head.Inputs.Count + Head.Columns.Count) * Panels.Chunk;

    public Extent Rows(int block) => new(block * BlockRows, Math.Min(Count, (block + 1) * BlockRows));

    /// <summary>The logits of some rows [rows, V], and the hidden states [rows, D] that they were made of.</summary>
    /// <param name="rows">at most a block</param>
    /// <param name="memory">of <see cref="BlockSize"/></param>
    public (Panels Logits, Panels Hidden) Make(Extent rows, float* memory)
    {
        var hidden = new Panels(memory, (long)BlockRows * Panels.Chunk);
        var logits = new Panels(memory + (long)BlockRows * Head.Inputs.Count * Panels.Chunk, (long)BlockRows * Panels.Chunk);
        Read(rows, hidden, 0);
        Multiply(hidden, logits, Extent.Of(rows.Count));
        return (logits, hidden);
    }

    /// <summary>Hidden states of some rows in panels, from a row of these on.</summary>
    public void Read(Extent rows, Panels to, int first)
    {
        for (var row = rows.First; row < rows.End; row++)
        {
            var from = (long)row * Head.Width;
            for (var chunk = 0; chunk < Head.Inputs.Count; chunk++)
            {
                var (column, count) = Head.Inputs[chunk];
                var target = new Span<float>(to.At(first + row - rows.First, chunk), Panels.Chunk);
                if (_isNarrow) Widen(new ReadOnlySpan<ushort>((ushort*)_hidden + from + column, count), target);
                else new Span<float>((float*)_hidden + from + column, count).CopyTo(target);
                target[count..].Clear();
            }
        }
    }

    private static void Widen(ReadOnlySpan<ushort> from, Span<float> to)
    {
        for (var i = 0; i < from.Length; i++) to[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
    }

    /// <summary>Logits of rows of panels.</summary>
    public void Multiply(Panels hidden, Panels logits, Extent rows) => Product.Run(hidden, Head.Forward, Head.Bias, logits, null, rows, Extent.Of(Head.Forward.PanelCount));
}
