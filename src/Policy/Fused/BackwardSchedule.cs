using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>
/// In which pieces threads do the way back: first the gradients of rows, from the last layer to the lowest that learns, shared out as
/// in the forward pass; then those of weights, which are sums over all rows, weight by weight.
/// </summary>
internal static class BackwardSchedule
{
    public static void Run(TrunkPass pass, BackwardStages stages)
    {
        var layers = pass.Memory.Layers.Length;
        var lowest = Lowest(pass);
        var groups = pass.Groups();
        if (pass.Keeping == Keeping.Everything)
        {
            Rows(pass, stages, groups, new Extent(lowest, layers));
            Weights(stages, new Extent(lowest, layers));
        }
        else
        {
            // Layers share memory: each is done with before the one below is computed again. The last norm goes with the last of them.
            if (lowest == layers) Rows(pass, stages, groups, new Extent(layers, layers));
            for (var layer = layers - 1; layer >= lowest; layer--)
            {
                if (layer < layers - 1) ForwardSchedule.Again(pass, layer);
                Rows(pass, stages, groups, new Extent(layer, layer + 1));
                Weights(stages, new Extent(layer, layer + 1));
            }
        }

        Norms(pass, stages, lowest);
        if (lowest == 0) Threads.Share(pass.Shape.Width.Count, new EmbeddingTasks(stages));
    }

    /// <summary>The lowest layer that a gradient is wanted of, or of what is below it.</summary>
    private static int Lowest(TrunkPass pass)
    {
        var weights = pass.Trunk.Weights;
        if (weights.Embedding.requires_grad || weights.Positions is { requires_grad: true }) return 0;
        for (var layer = 0; layer < weights.Layers.Count; layer++)
            if (weights.Layers[layer].Learn) return layer;
        return weights.Layers.Count;
    }

    private static void Rows(TrunkPass pass, BackwardStages stages, Extent[]? groups, Extent layers)
    {
        if (groups is not null)
        {
            Threads.Share(groups.Length, new WholePass(pass, stages, groups, layers));
            return;
        }

        if (layers.End == pass.Memory.Layers.Length) Threads.Share(pass.Batch.Segments.Length, new Segments(stages, BackStage.LastNorm, 0));
        for (var layer = layers.End - 1; layer >= layers.First; layer--)
        {
            for (var stage = BackStage.Down; stage <= BackStage.AttentionNorm; stage++)
            {
                if (stage == BackStage.Attend) Threads.Share(pass.Batch.Sequences.Length * pass.Shape.Heads.Shared, new Heads(pass, stages, layer));
                else if (IsOfSegments(stage)) Threads.Share(pass.Batch.Segments.Length, new Segments(stages, stage, layer));
                else Products(pass, stages, stage, layer);
            }
        }
    }

    private static void Products(TrunkPass pass, BackwardStages stages, BackStage stage, int layer)
    {
        var grid = new Grid(IsBehindAttention(stage) && pass.IsLast(layer) ? pass.Batch.AskedCount : pass.Batch.Rows, stages.Panels(stage), Threads.Count);
        Threads.Share(grid.Count, new OneStage(stages, stage, layer, grid));
    }

    private static bool IsOfSegments(BackStage stage) => stage is BackStage.LastNorm or BackStage.FeedForwardNorm or BackStage.Spread or BackStage.AttentionNorm;

    private static bool IsBehindAttention(BackStage stage) => stage is BackStage.Down or BackStage.Up or BackStage.Output;

    private static void Weights(BackwardStages stages, Extent layers)
    {
        // The dearest first: what is left for the end is small.
        var tasks = new List<WeightTask>();
        for (var layer = layers.End - 1; layer >= layers.First; layer--) tasks.AddRange(stages.Weights(layer));
        tasks.Sort((a, b) => b.Cost.CompareTo(a.Cost));
        Threads.Share(tasks.Count, new WeightTasks(tasks));
    }

    private static void Norms(TrunkPass pass, BackwardStages stages, int lowest)
    {
        var weights = pass.Trunk.Weights;
        stages.AddNorm(2 * weights.Layers.Count, weights.Norm);
        for (var layer = lowest; layer < weights.Layers.Count; layer++)
        {
            stages.AddNorm(2 * layer, weights.Layers[layer].AttentionNorm);
            stages.AddNorm(2 * layer + 1, weights.Layers[layer].FeedForwardNorm);
        }
    }

    private readonly struct WholePass(TrunkPass pass, BackwardStages stages, Extent[] groups, Extent layers) : ITasks
    {
        public void Do(int task)
        {
            var sequences = groups[task];
            var segments = new Extent(pass.Batch.FirstSegments[sequences.First], pass.Batch.FirstSegments[sequences.End]);
            if (layers.End == pass.Memory.Layers.Length) Each(segments, BackStage.LastNorm, 0);
            for (var layer = layers.End - 1; layer >= layers.First; layer--) Layer(sequences, segments, layer);
        }

        private void Layer(Extent sequences, Extent segments, int layer)
        {
            var part = pass.Batch.Whole(sequences);
            for (var stage = BackStage.Down; stage <= BackStage.AttentionNorm; stage++)
            {
                if (stage == BackStage.Attend) Attend(sequences, layer);
                else if (IsOfSegments(stage)) Each(segments, stage, layer);
                else stages.Do(stage, layer, IsBehindAttention(stage) && pass.IsLast(layer) ? part.Asked : part.Rows, new Extent(0, stages.Panels(stage)));
            }
        }

        private void Attend(Extent sequences, int layer)
        {
            for (var sequence = sequences.First; sequence < sequences.End; sequence++)
                for (var shared = 0; shared < pass.Shape.Heads.Shared; shared++)
                    stages.Attend(layer, sequence, shared);
        }

        private void Each(Extent segments, BackStage stage, int layer)
        {
            for (var segment = segments.First; segment < segments.End; segment++) stages.DoSegment(stage, layer, segment);
        }
    }

    private readonly struct Segments(BackwardStages stages, BackStage stage, int layer) : ITasks
    {
        public void Do(int task) => stages.DoSegment(stage, layer, task);
    }

    private readonly struct Heads(TrunkPass pass, BackwardStages stages, int layer) : ITasks
    {
        public void Do(int task) => stages.Attend(layer, task / pass.Shape.Heads.Shared, task % pass.Shape.Heads.Shared);
    }

    private readonly struct OneStage(BackwardStages stages, BackStage stage, int layer, Grid grid) : ITasks
    {
        public void Do(int task)
        {
            var (rows, panels) = grid[task];
            stages.Do(stage, layer, rows, panels);
        }
    }

    private readonly struct WeightTasks(List<WeightTask> tasks) : ITasks
    {
        public void Do(int task) => tasks[task].Do();
    }

    private readonly struct EmbeddingTasks(BackwardStages stages) : ITasks
    {
        public void Do(int task) => stages.AddEmbeddings(task);
    }
}
