using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>Stages of a layer, in their order, and what comes before the first and behind the last.</summary>
internal enum Stage { Embed, AttentionNorm, QueryKeyValue, Turn, Attend, Ask, Output, FeedForwardNorm, Up, Down, LastNorm }

/// <summary>The stages of a forward pass, each for some rows: whoever runs them sees to it that what a stage reads has been written.</summary>
internal sealed unsafe class ForwardStages(TrunkPass pass)
{
    private readonly TrunkShape _shape = pass.Shape;
    private readonly TrunkMemory _memory = pass.Memory;
    private readonly RaggedBatch _batch = pass.Batch;
    private readonly float* _cosines = pass.Angles is { } angles ? angles.Cosines.Floats() : null;
    private readonly float* _sines = pass.Angles is { } angles ? angles.Sines.Floats() : null;
    private readonly int _half = pass.Angles is { } angles ? (int)angles.Cosines.shape[1] : 0;

    private bool IsParallel => _shape.Config.ParallelResidual;

    /// <summary>Panels of columns that a stage can be shared out by; those of others belong together.</summary>
    public int Panels(Stage stage) => stage switch
    {
        Stage.QueryKeyValue => pass.Trunk.Layers[0].QueryKeyValue.Forward.PanelCount,
        Stage.Output or Stage.Down => _shape.Width.Count / 2,
        Stage.Up => _shape.Up.Count / 2,
        _ => 1,
    };

    /// <summary>Any stage but attention.</summary>
    /// <param name="stage">which</param>
    /// <param name="layer">which</param>
    /// <param name="rows">to do; of those that are asked for behind attention</param>
    /// <param name="panels">to do</param>
    public void Do(Stage stage, int layer, Extent rows, Extent panels)
    {
        switch (stage)
        {
            case Stage.Embed: Embed(rows); break;
            case Stage.AttentionNorm: AttentionNorm(layer, rows); break;
            case Stage.QueryKeyValue: QueryKeyValue(layer, rows, panels); break;
            case Stage.Turn: Turn(layer, rows); break;
            case Stage.Ask: Ask(layer, rows); break;
            case Stage.Output: Output(layer, rows, panels); break;
            case Stage.FeedForwardNorm: FeedForwardNorm(layer, rows); break;
            case Stage.Up: Up(layer, rows, panels); break;
            case Stage.Down: Down(layer, rows, panels); break;
            case Stage.LastNorm: LastNorm(rows); break;
            default: throw new ArgumentOutOfRangeException(nameof(stage), stage, null);
        }
    }

    /// <summary>One sequence's heads that share keys and values, over their cache where they have one.</summary>
    public void Attend(int layer, int sequence, int shared)
    {
        var (at, rows) = (_memory.Layers[layer], _batch.Sequences[sequence]);
        if (rows.Count == 0) return;
        if (pass.Cache is { } cache)
        {
            var (row, capacity) = ((nint)cache.Row(layer, sequence), cache.Capacity);
            for (var i = rows.First; i < rows.End; i++) CachedAttention.Append(_shape.Heads, at.Fused, (float*)row, capacity, i, _batch.Positions[i], shared);
            if (_batch.Positions[rows.First] > 0 || rows.Count == 1)
            {
                for (var i = rows.First; i < rows.End; i++) CachedAttention.Look(_shape.Heads, at.Fused, at.Mixed, (float*)row, capacity, i, _batch.Positions[i], shared);
                return;
            }
        }

        CausalAttention.Forward(_shape.Heads, From(at.Fused, rows), From(at.Mixed, rows), (float*)at.LogSums + rows.First, _batch.Rows, rows.Count, shared);
    }

    /// <summary>x = tokens (+ positions).</summary>
    private void Embed(Extent rows)
    {
        var weights = pass.Trunk.Weights;
        var positions = weights.Positions is { } table ? (nint)table.Numbers(table.dtype) : 0;
        EmbeddingRows.LookUp(weights.Embedding.Numbers(weights.Embedding.dtype), _batch.Tokens, (void*)positions, _batch.Positions, _shape.Config.Width, pass.Trunk.IsNarrow, _memory.Layers[0].Input, rows);
    }

    private void AttentionNorm(int layer, Extent rows) =>
        pass.Trunk.Layers[layer].AttentionNorm.Forward(_memory.Layers[layer].Input, _memory.Rows, (float*)_memory.Layers[layer].InputStatistics, rows);

    private void QueryKeyValue(int layer, Extent rows, Extent panels)
    {
        var weights = pass.Trunk.Layers[layer].QueryKeyValue;
        Product.Run(_memory.Rows, weights.Forward, weights.Bias, _memory.Layers[layer].Fused, null, rows, panels);
    }

    private void Turn(int layer, Extent rows)
    {
        if (_cosines is not null) new Rotary(_cosines, _sines, _half).Turn(_memory.Layers[layer].Fused, _batch.Positions, _shape.Heads.Count + _shape.Heads.Shared, _shape.Heads.Chunks, rows);
    }

    /// <summary>Takes the rows that are asked for out of all.</summary>
    private void Ask(int layer, Extent asked)
    {
        var at = _memory.Layers[layer];
        Gather(at.Input, at.AskedInput, _shape.Width.Count, asked);
        Gather(at.Mixed, at.AskedMixed, _shape.Mixed.Count, asked);
    }

    private void Output(int layer, Extent asked, Extent panels)
    {
        var (at, weights) = (_memory.Layers[layer], pass.Trunk.Layers[layer].Output);
        Product.Run(at.AskedMixed, weights.Forward, weights.Bias, at.Attended, at.AskedInput.Data, asked, panels);
    }

    private void FeedForwardNorm(int layer, Extent asked)
    {
        var at = _memory.Layers[layer];
        pass.Trunk.Layers[layer].FeedForwardNorm.Forward(IsParallel ? at.AskedInput : at.Attended, Behind(layer), (float*)at.AttendedStatistics, asked);
    }

    private void Up(int layer, Extent asked, Extent panels)
    {
        var (at, weights) = (_memory.Layers[layer], pass.Trunk.Layers[layer].Up);
        Product.Run(Behind(layer), weights.Forward, weights.Bias, asked, panels, new Activate(_shape.Config.Activation, _shape.Config.GatedFeedForward, at.Slopes, at.Hidden));
    }

    private void Down(int layer, Extent asked, Extent panels)
    {
        var (at, weights) = (_memory.Layers[layer], pass.Trunk.Layers[layer].Down);
        Product.Run(at.Hidden, weights.Forward, weights.Bias, at.Output, at.Attended.Data, asked, panels);
    }

    private void LastNorm(Extent asked) => pass.Trunk.LastNorm.Forward(_memory.Layers[^1].Output, _memory.AskedRows, _memory.Statistics, asked);

    /// <summary>Row by row, in the order of the places.</summary>
    public void Write(float* hidden)
    {
        var width = _shape.Config.Width;
        for (var place = 0; place < _batch.Output.Length; place++, hidden += width)
        {
            if (_batch.Output[place] < 0)
            {
                new Span<float>(hidden, width).Clear();
                continue;
            }

            for (var chunk = 0; chunk < _shape.Width.Count; chunk++)
            {
                var (column, count) = _shape.Width[chunk];
                new Span<float>(_memory.AskedRows.At(_batch.Output[place], chunk), count).CopyTo(new Span<float>(hidden + column, count));
            }
        }
    }

    private Panels Behind(int layer) => pass.IsLast(layer) ? _memory.AskedRows : _memory.Rows;

    private static Panels From(Panels panels, Extent rows) => new(panels.At(rows.First, 0), panels.ChunkStep);

    private void Gather(Panels from, Panels to, int chunks, Extent asked)
    {
        for (var chunk = 0; chunk < chunks; chunk++)
            for (var i = asked.First; i < asked.End; i++)
                new Span<float>(from.At(_batch.AskedRows[i], chunk), Kernels.Panels.Chunk).CopyTo(new Span<float>(to.At(i, chunk), Kernels.Panels.Chunk));
    }
}
