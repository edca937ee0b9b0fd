using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>
/// In which pieces threads do a forward pass. Where there are enough sequences for all, each thread takes some of them through all
/// layers and waits for nobody; elsewhere a stage is shared out by rows, panels or heads, and all wait before the next. What is
/// computed is the same.
/// </summary>
internal static class ForwardSchedule
{
    public static void Run(TrunkPass pass, ForwardStages stages)
    {
        if (pass.Groups() is { } groups)
        {
            Threads.Share(groups.Length, new WholePass(pass, stages, groups));
            return;
        }

        Share(new OneStage(stages, Stage.Embed, 0), pass.Batch.Rows, 1);
        for (var layer = 0; layer < pass.Memory.Layers.Length; layer++) Together(pass, stages, layer, Stage.Down);
        Share(new OneStage(stages, Stage.LastNorm, 0), pass.Batch.AskedCount, 1);
    }

    /// <summary>Computes a layer again from its input, up to what its nonlinearity gives.</summary>
    public static void Again(TrunkPass pass, int layer)
    {
        var stages = new ForwardStages(pass);
        if (pass.Groups() is { } groups) Threads.Share(groups.Length, new WholeLayer(pass, stages, groups, layer));
        else Together(pass, stages, layer, Stage.Up);
    }

    private static void Layer(TrunkPass pass, ForwardStages stages, int layer, Extent sequences, Stage last)
    {
        var part = pass.Batch.Whole(sequences);
        for (var stage = Stage.AttentionNorm; stage <= last; stage++)
        {
            if (stage == Stage.Attend) Attend(pass, stages, layer, sequences);
            else if (stage != Stage.Ask || pass.Asks(layer)) stages.Do(stage, layer, IsBehindAttention(stage) && pass.IsLast(layer) ? part.Asked : part.Rows, new Extent(0, stages.Panels(stage)));
        }
    }

    private static void Together(TrunkPass pass, ForwardStages stages, int layer, Stage last)
    {
        for (var stage = Stage.AttentionNorm; stage <= last; stage++)
        {
            if (stage == Stage.Attend) Threads.Share(pass.Batch.Sequences.Length * pass.Shape.Heads.Shared, new Heads(pass, stages, layer));
            else if (stage != Stage.Ask || pass.Asks(layer)) Share(new OneStage(stages, stage, layer), IsBehindAttention(stage) && pass.IsLast(layer) ? pass.Batch.AskedCount : pass.Batch.Rows, stages.Panels(stage));
        }
    }

    private static bool IsBehindAttention(Stage stage) => stage > Stage.Attend;

    private static void Attend(TrunkPass pass, ForwardStages stages, int layer, Extent sequences)
    {
        for (var sequence = sequences.First; sequence < sequences.End; sequence++)
            for (var shared = 0; shared < pass.Shape.Heads.Shared; shared++)
                stages.Attend(layer, sequence, shared);
    }

    private static void Share(OneStage stage, int rows, int panels)
    {
        var grid = new Grid(rows, panels, Threads.Count);
        Threads.Share(grid.Count, stage with { Grid = grid });
    }

    private readonly struct WholePass(TrunkPass pass, ForwardStages stages, Extent[] groups) : ITasks
    {
        public void Do(int task)
        {
            var part = pass.Batch.Whole(groups[task]);
            stages.Do(Stage.Embed, 0, part.Rows, default);
            for (var layer = 0; layer < pass.Memory.Layers.Length; layer++) Layer(pass, stages, layer, groups[task], Stage.Down);
            stages.Do(Stage.LastNorm, 0, part.Asked, default);
        }
    }

    private readonly struct WholeLayer(TrunkPass pass, ForwardStages stages, Extent[] groups, int layer) : ITasks
    {
        public void Do(int task) => Layer(pass, stages, layer, groups[task], Stage.Up);
    }

    private readonly struct Heads(TrunkPass pass, ForwardStages stages, int layer) : ITasks
    {
        public void Do(int task) => stages.Attend(layer, task / pass.Shape.Heads.Shared, task % pass.Shape.Heads.Shared);
    }

    private readonly record struct OneStage(ForwardStages Stages, Stage Stage, int Layer) : ITasks
    {
        public Grid Grid { get; init; }

        public void Do(int task)
        {
            var (rows, panels) = Grid[task];
            Stages.Do(Stage, Layer, rows, panels);
        }
    }
}
