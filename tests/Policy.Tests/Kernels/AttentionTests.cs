using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

/// <summary>Attention in kernels is softmax(q·kᵀ/√Dh + mask)·v of float64, and so are its gradients; tokens one by one over a cache have the bits of the whole.</summary>
public sealed class AttentionTests
{
    public static MatrixTheoryData<int, (int, int, int, int, int)> Cases =>
        new([16, 8, 4], [(1, 1, 4, 1, 0), (2, 2, 16, 20, 0), (4, 2, 10, 33, 0), (3, 1, 32, 47, 0), (2, 1, 6, 50, 7), (2, 2, 20, 70, 40)]);

    [Theory, MemberData(nameof(Cases))]
    public void ForwardAndBackward_AnyLayout_AreThoseOfTheFormula(int lanes, (int Heads, int Shared, int Width, int Length, int Window) of) =>
        Lanes.Do(lanes, new Whole(new AttentionHeads(of.Heads, of.Shared, of.Width, of.Window), of.Length));

    [Theory, MemberData(nameof(Cases))]
    public void Look_TokenByToken_IsTheWholeSequencesBitwise(int lanes, (int Heads, int Shared, int Width, int Length, int Window) of) =>
        Lanes.Do(lanes, new Cached(new AttentionHeads(of.Heads, of.Shared, of.Width, of.Window), of.Length));

    private static ChunkMap Rows(AttentionHeads heads) => ChunkMap.Heads(heads.Count + 2 * heads.Shared, heads.Width);

    private static Tensor Formula(AttentionHeads heads, Tensor rows, int length)
    {
        var parts = rows.view(length, heads.Count + 2 * heads.Shared, heads.Width).transpose(0, 1);
        Tensor queries = parts.narrow(0, 0, heads.Count), keys = parts.narrow(0, heads.Count, heads.Shared).repeat_interleave(heads.Group, 0);
        var values = parts.narrow(0, heads.Count + heads.Shared, heads.Shared).repeat_interleave(heads.Group, 0);
        var distance = arange(length).unsqueeze(1) - arange(length).unsqueeze(0);
        var hidden = heads.Window == 0 ? distance.lt(0) : distance.lt(0).logical_or(distance.ge(heads.Window));
        var scores = queries.matmul(keys.transpose(1, 2)) / Math.Sqrt(heads.Width);
        return scores.masked_fill(hidden, double.NegativeInfinity).softmax(-1).matmul(values).transpose(0, 1).reshape(length, -1);
    }

    private sealed class Whole(AttentionHeads heads, int length) : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            var rows = Lanes.Random(1, length, (heads.Count + 2 * heads.Shared) * heads.Width).requires_grad_();
            var towards = Lanes.Random(2, length, heads.Count * heads.Width);
            var expected = Formula(heads, rows, length);
            Autograd.Backward(expected, towards);
            using PanelRows given = PanelRows.Of(rows.detach(), Rows(heads)), mixed = new(length, ChunkMap.Heads(heads.Count, heads.Width)), gradient = PanelRows.Of(towards, ChunkMap.Heads(heads.Count, heads.Width));
            using var logSums = new NativeBuffer((long)heads.Count * length);
            for (var shared = 0; shared < heads.Shared; shared++) CausalAttention.Forward<L>(heads, given.Panels, mixed.Panels, logSums.Data, length, length, shared);
            Lanes.Near(expected.detach(), mixed.ToTensor());

            for (var shared = 0; shared < heads.Shared; shared++) CausalAttentionGradient.Backward<L>(heads, given.Panels, gradient.Panels, logSums.Data, length, length, shared);
            Lanes.Near(rows.grad!, given.ToTensor(), 5e-6);
        }
    }

    private sealed class Cached(AttentionHeads heads, int length) : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            var rows = Lanes.Random(1, length, (heads.Count + 2 * heads.Shared) * heads.Width);
            using PanelRows given = PanelRows.Of(rows, Rows(heads)), mixed = new(length, ChunkMap.Heads(heads.Count, heads.Width)), whole = new(length, ChunkMap.Heads(heads.Count, heads.Width));
            using var logSums = new NativeBuffer((long)heads.Count * length);
            for (var shared = 0; shared < heads.Shared; shared++) CausalAttention.Forward<L>(heads, given.Panels, whole.Panels, logSums.Data, length, length, shared);
            var capacity = CachedAttention.Columns(length + 3);
            using var cache = new NativeBuffer(2L * heads.Shared * capacity * heads.Depth);
            for (var position = 0; position < length; position++)
            {
                for (var shared = 0; shared < heads.Shared; shared++)
                {
                    CachedAttention.Append(heads, given.Panels, cache.Data, capacity, position, position, shared);
                    CachedAttention.Look<L>(heads, given.Panels, mixed.Panels, cache.Data, capacity, position, position, shared);
                }
            }

            Assert.Equal(whole.ToTensor().data<float>().ToArray(), mixed.ToTensor().data<float>().ToArray());
        }
    }
}
