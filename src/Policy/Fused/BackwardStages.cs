using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>Stages of a layer on the way back, in their order, and what comes before the first.</summary>
internal enum BackStage { LastNorm, Down, Up, FeedForwardNorm, Output, Spread, Attend, Turn, QueryKeyValue, AttentionNorm }

/// <summary>
/// The stages of the way back. Gradients of rows take the place of what they are the gradients of, and what was normalised that of
/// what was not: behind a layer, everything stands there that its weights' gradients are sums of.
/// </summary>
internal sealed unsafe class BackwardStages
{
    private readonly TrunkPass _pass;
    private readonly TrunkShape _shape;
    private readonly TrunkMemory _memory;
    private readonly RaggedBatch _batch;
    private readonly float* _towards;
    private readonly float* _cosines;
    private readonly float* _sines;
    private readonly int _half;
    private readonly int[] _firstPlace; // of each row that is asked for
    private readonly int[] _nextPlace; // that asks for the same row; −1: none
    private readonly GradientTarget _ofEmbedding;
    private readonly GradientTarget _ofPositions;

    public BackwardStages(TrunkPass pass, float* towards, TrunkGradients learns)
    {
        (_pass, _shape, _memory, _batch, Learns) = (pass, pass.Shape, pass.Memory, pass.Batch, learns);
        _towards = towards;
        _ofEmbedding = learns.Of(pass.Trunk.Weights.Embedding);
        _ofPositions = learns.Of(pass.Trunk.Weights.Positions);
        _ofEmbedding.ClearIfFresh();
        _ofPositions.ClearIfFresh();
        if (pass.Angles is { } angles)
        {
            _cosines = angles.Cosines.Floats();
            _sines = angles.Sines.Floats();
            _half = (int)angles.Cosines.shape[1];
        }

        _firstPlace = new int[_batch.AskedCount];
        Array.Fill(_firstPlace, -1);
        _nextPlace = new int[_batch.Output.Length];
        for (var place = _batch.Output.Length - 1; place >= 0; place--)
        {
            if (_batch.Output[place] < 0) continue;
            ref var first = ref _firstPlace[_batch.Output[place]];
            (_nextPlace[place], first) = (first, place);
        }
    }

    public TrunkGradients Learns { get; }

    private bool IsParallel => _shape.Config.ParallelResidual;

    /// <summary>Panels of columns that a product can be shared out by; those of other stages belong together.</summary>
    public int Panels(BackStage stage) => stage switch
    {
        BackStage.Down => _shape.Hidden.Count / 2,
        BackStage.Up or BackStage.QueryKeyValue => _shape.Width.Count / 2,
        BackStage.Output => _shape.Mixed.Count / 2,
        _ => 1,
    };

    /// <summary>A stage that goes row by row.</summary>
    /// <param name="stage">which</param>
    /// <param name="layer">which</param>
    /// <param name="rows">to do; of those that are asked for behind attention</param>
    /// <param name="panels">to do</param>
    public void Do(BackStage stage, int layer, Extent rows, Extent panels)
    {
        switch (stage)
        {
            case BackStage.Down: Down(layer, rows, panels); break;
            case BackStage.Up: Up(layer, rows, panels); break;
            case BackStage.Output: Output(layer, rows, panels); break;
            case BackStage.Turn: Turn(layer, rows); break;
            case BackStage.QueryKeyValue: QueryKeyValue(layer, rows, panels); break;
            default: throw new ArgumentOutOfRangeException(nameof(stage), stage, null);
        }
    }

    /// <summary>A stage that adds up over the rows of a segment, or knows which of them are asked for.</summary>
    public void DoSegment(BackStage stage, int layer, int segment)
    {
        switch (stage)
        {
            case BackStage.LastNorm: LastNorm(segment); break;
            case BackStage.FeedForwardNorm: FeedForwardNorm(layer, segment); break;
            case BackStage.Spread: Spread(layer, segment); break;
            case BackStage.AttentionNorm: AttentionNorm(layer, segment); break;
            default: throw new ArgumentOutOfRangeException(nameof(stage), stage, null);
        }
    }

    /// <summary>One sequence's heads that share keys and values; the gradients of these come in their place.</summary>
    public void Attend(int layer, int sequence, int shared)
    {
        var (at, rows) = (_memory.Layers[layer], _batch.Sequences[sequence]);
        if (rows.Count == 0) return;
        var towards = _pass.Asks(layer) ? _memory.Mixed : _memory.Rows;
        CausalAttentionGradient.Backward(_shape.Heads, From(at.Fused, rows), From(towards, rows), (float*)at.LogSums + rows.First, _batch.Rows, rows.Count, shared);
    }

    // From hidden states to the last layer's output.
    private void LastNorm(int segment)
    {
        var asked = _batch.Segments[segment].Asked;
        var width = _shape.Config.Width;
        for (var i = asked.First; i < asked.End; i++)
        {
            for (var chunk = 0; chunk < _shape.Width.Count; chunk++)
            {
                var to = new Span<float>(_memory.AskedRows.At(i, chunk), Kernels.Panels.Chunk);
                to.Clear();
                var (column, count) = _shape.Width[chunk];
                for (var place = _firstPlace[i]; place >= 0; place = _nextPlace[place])
                {
                    var from = _towards + (long)place * width + column;
                    for (var k = 0; k < count; k++) to[k] += from[k];
                }
            }
        }

        var layer = _memory.Layers[^1];
        Clear(layer.OutputGradient, _shape.Width.Count, asked);
        var (ofWeight, ofBias) = NormSums(2 * _memory.Layers.Length, segment, _pass.Trunk.Weights.Norm);
        _pass.Trunk.LastNorm.Backward(_memory.AskedRows, layer.Output, _memory.Statistics, layer.OutputGradient, (float*)ofWeight, (float*)ofBias, asked);
    }

    // Through down and the nonlinearity: what stands between the products becomes its gradient.
    private void Down(int layer, Extent rows, Extent panels)
    {
        var at = _memory.Layers[layer];
        Product.Run(at.OutputGradient, _pass.Trunk.Layers[layer].Down.Backward, null, rows, panels, new ActivateBack(_shape.Config.GatedFeedForward, at.Slopes));
    }

    private void Up(int layer, Extent rows, Extent panels) =>
        Product.Run(_memory.Layers[layer].Slopes, _pass.Trunk.Layers[layer].Up.Backward, null, Behind(layer), null, rows, panels);

    // Of what attention was added to; in a layer whose halves are parallel, of the layer's input instead.
    private void FeedForwardNorm(int layer, int segment)
    {
        var (at, asked) = (_memory.Layers[layer], _batch.Segments[segment].Asked);
        if (!_pass.IsLast(layer)) asked = _batch.Segments[segment].Rows;
        var (ofWeight, ofBias) = NormSums(2 * layer + 1, segment, _pass.Trunk.Weights.Layers[layer].FeedForwardNorm);
        Copy(at.OutputGradient, at.AttendedGradient, asked);
        // The input is wanted again: what is normalised here takes the place of its sum with attention, which nobody reads any more.
        if (IsParallel) Copy(at.AskedInput, at.Attended, asked);
        _pass.Trunk.Layers[layer].FeedForwardNorm.Backward(Behind(layer), at.Attended, (float*)at.AttendedStatistics, at.AttendedGradient, (float*)ofWeight, (float*)ofBias, asked);
    }

    // Of what attention gave.
    private void Output(int layer, Extent rows, Extent panels) =>
        Product.Run(Towards(_memory.Layers[layer]), _pass.Trunk.Layers[layer].Output.Backward, null, Behind(layer), null, rows, panels);

    private void Spread(int layer, int segment)
    {
        if (_pass.Asks(layer)) Spread(_memory.AskedRows, _memory.Mixed, _shape.Mixed.Count, _batch.Segments[segment]);
    }

    private void Turn(int layer, Extent rows)
    {
        if (_cosines is not null) new Rotary(_cosines, _sines, _half).TurnBack(_memory.Layers[layer].Fused, _batch.Positions, _shape.Heads.Count + _shape.Heads.Shared, _shape.Heads.Chunks, rows);
    }

    private void QueryKeyValue(int layer, Extent rows, Extent panels) =>
        Product.Run(_memory.Layers[layer].Fused, _pass.Trunk.Layers[layer].QueryKeyValue.Backward, null, _memory.Rows, null, rows, panels);

    // Of the layer's input: what went past attention, and what went through it.
    private void AttentionNorm(int layer, int segment)
    {
        var (at, part) = (_memory.Layers[layer], _batch.Segments[segment]);
        if (_pass.Asks(layer)) Spread(at.AttendedGradient, at.InputGradient, _shape.Width.Count, part);
        else Copy(at.AttendedGradient, at.InputGradient, part.Rows);
        var (ofWeight, ofBias) = NormSums(2 * layer, segment, _pass.Trunk.Weights.Layers[layer].AttentionNorm);
        _pass.Trunk.Layers[layer].AttentionNorm.Backward(_memory.Rows, at.Input, (float*)at.InputStatistics, at.InputGradient, (float*)ofWeight, (float*)ofBias, part.Rows);
    }

    /// <summary>What the gradients of a layer's weights are sums of.</summary>
    public IEnumerable<WeightTask> Weights(int layer)
    {
        var (at, packed, weights) = (_memory.Layers[layer], _pass.Trunk.Layers[layer], _pass.Trunk.Weights.Layers[layer]);
        return WeightTask.Of(packed.Down, weights.Down, at.OutputGradient, at.Hidden, at.Behind, Learns)
            .Concat(WeightTask.Of(packed.Up, weights.Up, at.Slopes, at.Attended, at.Behind, Learns))
            .Concat(WeightTask.Of(packed.QueryKeyValue, weights.QueryKeyValue, at.Fused, at.Input, _batch.Rows, Learns))
            .Concat(WeightTask.Of(packed.Output, weights.Output, Towards(at), at.AskedMixed, at.Behind, Learns));
    }

    /// <summary>Adds the sums of all segments to the gradients of a norm's weight and bias.</summary>
    public void AddNorm(int norm, NormWeights weights)
    {
        GradientTarget weight = Learns.Of(weights.Weight), bias = Learns.Of(weights.Bias);
        weight.ClearIfFresh();
        bias.ClearIfFresh();
        float* ofWeight = weight.Floats, ofBias = bias.Floats;
        var width = _shape.Config.Width;
        for (var segment = 0; segment < _batch.Segments.Length; segment++)
        {
            var sums = NormSums(norm, segment);
            for (var i = 0; ofWeight is not null && i < width; i++) ofWeight[i] += sums[i];
            for (var i = 0; ofBias is not null && i < width; i++) ofBias[i] += sums[Kernels.Panels.Padded(width) + i];
        }
    }

    /// <summary>Adds the gradients of rows to those of the tables they were looked up in, for one chunk of columns.</summary>
    public void AddEmbeddings(int chunk)
    {
        var gradient = _memory.Layers[0].InputGradient;
        if (_ofEmbedding.Data != 0) EmbeddingRows.AddGradient(gradient, _batch.Tokens, _batch.Rows, _ofEmbedding.Floats, _shape.Config.Width, chunk);
        if (_ofPositions.Data != 0) EmbeddingRows.AddGradient(gradient, _batch.Positions, _batch.Rows, _ofPositions.Floats, _shape.Config.Width, chunk);
    }

    private Panels Towards(LayerMemory at) => IsParallel ? at.OutputGradient : at.AttendedGradient;

    private Panels Behind(int layer) => _pass.IsLast(layer) ? _memory.AskedRows : _memory.Rows;

    // [2, D] of a segment.
    private float* NormSums(int norm, int segment) =>
        _memory.NormGradients + (segment * (2L * _memory.Layers.Length + 1) + norm) * 2 * Kernels.Panels.Padded(_shape.Config.Width);

    private (nint OfWeight, nint OfBias) NormSums(int norm, int segment, NormWeights weights)
    {
        var (at, size) = ((nint)NormSums(norm, segment), Kernels.Panels.Padded(_shape.Config.Width));
        new Span<float>((void*)at, 2 * size).Clear();
        return (weights.Weight.requires_grad ? at : 0, weights.Bias is { requires_grad: true } ? at + size * sizeof(float) : 0);
    }

    private static Panels From(Panels panels, Extent rows) => new(panels.At(rows.First, 0), panels.ChunkStep);

    private void Copy(Panels from, Panels to, Extent rows)
    {
        for (var chunk = 0; chunk < _shape.Width.Count; chunk++)
            new Span<float>(from.At(rows.First, chunk), rows.Count * Kernels.Panels.Chunk).CopyTo(new Span<float>(to.At(rows.First, chunk), rows.Count * Kernels.Panels.Chunk));
    }

    private static void Clear(Panels panels, int chunks, Extent rows)
    {
        for (var chunk = 0; chunk < chunks; chunk++) new Span<float>(panels.At(rows.First, chunk), rows.Count * Kernels.Panels.Chunk).Clear();
    }

    // Rows that are asked for to where they stand among all, zeros between them.
    private void Spread(Panels asked, Panels all, int chunks, RowPart part)
    {
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            new Span<float>(all.At(part.Rows.First, chunk), part.Rows.Count * Kernels.Panels.Chunk).Clear();
            for (var i = part.Asked.First; i < part.Asked.End; i++)
                new Span<float>(asked.At(i, chunk), Kernels.Panels.Chunk).CopyTo(new Span<float>(all.At(_batch.AskedRows[i], chunk), Kernels.Panels.Chunk));
        }
    }
}
