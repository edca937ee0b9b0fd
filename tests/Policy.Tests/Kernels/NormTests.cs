using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

/// <summary>Values and gradients are those that autograd finds for the formulas in float64.</summary>
public sealed class NormTests
{
    public static MatrixTheoryData<int, int, bool> Cases => new([16, 8, 4], [1, 7, 16, 33, 96], [true, false]);

    [Theory, MemberData(nameof(Cases))]
    public void ForwardAndBackward_AnyWidth_AreThoseOfTheFormula(int lanes, int width, bool isCentred) => Lanes.Do(lanes, new Both(width, isCentred));

    private sealed class Both(int width, bool isCentred) : ILaneWork
    {
        private const int Rows = 5;
        private const double Epsilon = 1e-5;

        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            var x = (Lanes.Random(1, Rows, width) * 2 + 1).requires_grad_();
            Tensor weight = Lanes.Random(2, width).requires_grad_(), bias = Lanes.Random(3, width).requires_grad_(), towards = Lanes.Random(4, Rows, width), there = Lanes.Random(5, Rows, width);
            var centred = isCentred ? x - x.mean([1], keepdim: true) : x;
            var y = centred / (centred.square().mean([1], keepdim: true) + Epsilon).sqrt() * weight;
            if (isCentred) y += bias;
            Autograd.Backward(y, towards);

            using NativeBuffer w = Lanes.Row(weight.detach()), b = Lanes.Row(bias.detach()), statistics = new(2 * Rows), ofWeight = Lanes.Row(zeros(width)), ofBias = Lanes.Row(zeros(width));
            using PanelRows from = PanelRows.Of(x.detach()), to = new(Rows, ChunkMap.Plain(width)), d = PanelRows.Of(towards), dx = PanelRows.Of(there);
            var norm = new Norm(width, Epsilon, w.Data, isCentred ? b.Data : null);
            norm.Forward<L>(from.Panels, to.Panels, statistics.Data, Extent.Of(Rows));
            Lanes.Near(y.detach(), to.ToTensor());
            norm.Backward<L>(d.Panels, from.Panels, statistics.Data, dx.Panels, ofWeight.Data, isCentred ? ofBias.Data : null, Extent.Of(Rows));

            Lanes.Near(y.detach(), from.ToTensor());
            Lanes.Near(there + x.grad!, dx.ToTensor(), 5e-6);
            Lanes.Near(weight.grad!, Lanes.Row(ofWeight.Data, width), 5e-6);
            if (isCentred) Lanes.Near(bias.grad!, Lanes.Row(ofBias.Data, width));
        }
    }
}
