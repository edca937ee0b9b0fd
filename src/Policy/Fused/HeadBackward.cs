using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>
/// Gradients of hidden states [N, D] and head [V, D] from those of logits, a chunk of rows at a time: the rows of a chunk first, then
/// the head's, which are sums over all of them.
/// </summary>
internal sealed unsafe class HeadBackward : IDisposable
{
    private readonly LogitRows _rows;
    private readonly NativeBuffer _memory;
    private float* _ofHidden;
    private float* _ofHead;

    /// <param name="rows">the hidden states</param>
    /// <param name="chunkRows">at most</param>
    public HeadBackward(LogitRows rows, long chunkRows)
    {
        _rows = rows;
        ChunkRows = (int)Math.Min(chunkRows, rows.Count);
        _memory = NativePool.Shared.Rent((long)ChunkRows * (rows.Head.Inputs.Count + rows.Head.Columns.Count) * Panels.Chunk);
    }

    public int ChunkRows { get; }

    /// <summary>[rows of a chunk, D].</summary>
    public Panels Hidden => new(_memory.Data, (long)ChunkRows * Panels.Chunk);

    /// <summary>[rows of a chunk, V].</summary>
    public Panels Logits => new(_memory.Data + (long)ChunkRows * _rows.Head.Inputs.Count * Panels.Chunk, (long)ChunkRows * Panels.Chunk);

    /// <summary>Goes through all rows.</summary>
    /// <param name="gradient">turns the logits of a block, rows of <see cref="Logits"/>, into their gradient</param>
    /// <param name="areMade">whether the one chunk's logits stand in <see cref="Logits"/> already, and their hidden states in <see cref="Hidden"/></param>
    /// <param name="ofHidden">[N, D], written; null where they do not learn</param>
    /// <param name="ofHead">[V, D], written; null where it does not learn</param>
    public void Run<TGradient>(TGradient gradient, bool areMade, Tensor? ofHidden, Tensor? ofHead)
        where TGradient : struct, ILogitGradient
    {
        _ofHidden = ofHidden is null ? null : ofHidden.Floats();
        _ofHead = ofHead is null ? null : ofHead.Floats();
        for (var first = 0; first < _rows.Count; first += ChunkRows)
        {
            var chunk = new Extent(first, Math.Min(_rows.Count, first + ChunkRows));
            Threads.Share((chunk.Count + _rows.BlockRows - 1) / _rows.BlockRows, new BlockTasks<TGradient>(this, gradient, chunk, areMade));
            if (_ofHead is not null) Threads.Share((_rows.Head.Columns.Count + HeadTasks.Chunks - 1) / HeadTasks.Chunks, new HeadTasks(this, chunk.Count, isFirst: first == 0));
        }
    }

    public void Dispose() => NativePool.Shared.Return(_memory);

    private void Block<TGradient>(TGradient gradient, Extent chunk, int block, bool areMade)
        where TGradient : struct, ILogitGradient
    {
        var here = new Extent(block * _rows.BlockRows, Math.Min(chunk.Count, (block + 1) * _rows.BlockRows));
        var rows = new Extent(chunk.First + here.First, chunk.First + here.End);
        var logits = new Panels(Logits.At(here.First, 0), Logits.ChunkStep);
        if (!areMade)
        {
            _rows.Read(rows, Hidden, here.First);
            _rows.Multiply(Hidden, Logits, here);
        }

        gradient.Of(logits, rows);
        if (_ofHidden is null) return;
        var memory = NativePool.Shared.Rent((long)_rows.BlockRows * _rows.Head.Inputs.Count * Panels.Chunk);
        var gradients = new Panels(memory.Data, (long)_rows.BlockRows * Panels.Chunk);
        Product.Run(logits, _rows.Head.Backward, null, gradients, null, Extent.Of(here.Count), Extent.Of(_rows.Head.Backward.PanelCount));
        for (var row = 0; row < here.Count; row++)
        {
            for (var part = 0; part < _rows.Head.Inputs.Count; part++)
            {
                var (column, count) = _rows.Head.Inputs[part];
                new Span<float>(gradients.At(row, part), count).CopyTo(new Span<float>(_ofHidden + (long)(rows.First + row) * _rows.Head.Width + column, count));
            }
        }

        NativePool.Shared.Return(memory);
    }

    private readonly struct BlockTasks<TGradient>(HeadBackward pass, TGradient gradient, Extent chunk, bool areMade) : ITasks
        where TGradient : struct, ILogitGradient
    {
        public void Do(int task) => pass.Block(gradient, chunk, task, areMade);
    }

    private readonly struct HeadTasks(HeadBackward pass, int rows, bool isFirst) : ITasks
    {
        /// <summary>Of a task.</summary>
        public const int Chunks = 8;

        public void Do(int task)
        {
            var head = pass._rows.Head;
            var chunks = new Extent(task * Chunks, Math.Min(head.Columns.Count, (task + 1) * Chunks));
            for (var chunk = chunks.First; isFirst && chunk < chunks.End; chunk++)
                new Span<float>(pass._ofHead + (long)head.Columns[chunk].First * head.Width, head.Columns[chunk].Count * head.Width).Clear();
            WeightGradient.Run(pass.Logits, pass.Hidden, rows, head.Columns, head.Inputs, head.IsNarrow, pass._ofHead, chunks);
        }
    }
}

/// <summary>Turns logits into their gradient.</summary>
internal interface ILogitGradient
{
    /// <param name="logits">[rows, V]</param>
    /// <param name="rows">which they are of all</param>
    void Of(Panels logits, Extent rows);
}

/// <summary>
/// The gradient of Σ c·ln π(target) + e·H, with H the entropy of π = softmax(l·scale): towards the logits scale·(c·(onehot − p) − e·p·(ln p + H)).
/// </summary>
/// <param name="targets">[N]</param>
/// <param name="logProbs">ln π(target) [N]</param>
/// <param name="logSums">ln Σ e^(l·scale) [N]</param>
/// <param name="towards">c [N]</param>
/// <param name="entropies">H [N]; null where there is none</param>
/// <param name="towardsEntropies">e [N]</param>
/// <param name="columns">V</param>
/// <param name="scale">1/T</param>
internal readonly unsafe struct LikelihoodGradient(
    long* targets, float* logProbs, float* logSums, float* towards, float* entropies, float* towardsEntropies, int columns, float scale) : ILogitGradient
{
    public void Of(Panels logits, Extent rows)
    {
        var count = rows.Count;
        float* c = stackalloc float[count], e = stackalloc float[count];
        for (var row = 0; row < count; row++)
        {
            c[row] = -towards[rows.First + row] * scale;
            if (entropies is not null) e[row] = -towardsEntropies[rows.First + row] * scale;
        }

        SoftmaxRows.Weighted(logits, count, columns, scale, logSums + rows.First, c, entropies is null ? null : e, entropies is null ? null : entropies + rows.First);
        for (var row = 0; row < count; row++)
        {
            var target = (int)targets[rows.First + row];
            var at = logits.At(row, target / Panels.Chunk) + target % Panels.Chunk;
            var logProb = logProbs[rows.First + row];
            // c·(p − 1) without the difference of numbers close to each other.
            *at = c[row] * ExpM1(logProb) + (entropies is null ? 0 : e[row] * MathF.Exp(logProb) * (logProb + entropies[rows.First + row]));
        }
    }

    // eˣ − 1
    private static float ExpM1(float x) => (float)(Math.Abs(x) < 1e-2 ? x * (1 + x * (0.5 + x * (1.0 / 6 + x / 24))) : Math.Exp(x) - 1);
}

/// <summary>The gradient of −Σ w·ln π(target), which needs nothing that a pass before it has found; the log-probs stay behind.</summary>
/// <param name="targets">[N]</param>
/// <param name="weights">w [N]</param>
/// <param name="logProbs">[N], written</param>
/// <param name="columns">V</param>
internal readonly unsafe struct LossGradient(long* targets, float* weights, float* logProbs, int columns) : ILogitGradient
{
    public void Of(Panels logits, Extent rows)
    {
        var count = rows.Count;
        float* numbers = stackalloc float[3 * count], towards = stackalloc float[count];
        SoftmaxRows.Sums(logits, count, columns, 1, numbers);
        for (var row = 0; row < count; row++)
        {
            var (at, target) = (rows.First + row, (int)targets[rows.First + row]);
            numbers[count + row] = numbers[row] + MathF.Log(numbers[count + row]);
            logProbs[at] = logits.At(row, target / Panels.Chunk)[target % Panels.Chunk] - numbers[count + row];
            towards[row] = -weights[at];
        }

        new LikelihoodGradient(targets + rows.First, logProbs + rows.First, numbers + count, towards, null, null, columns, 1).Of(logits, Extent.Of(count));
    }
}
