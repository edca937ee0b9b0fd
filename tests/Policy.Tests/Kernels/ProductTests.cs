using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

public sealed class ProductTests
{
    public static MatrixTheoryData<int, (int, int, int)> Cases => new([16, 8, 4], [(1, 1, 1), (2, 3, 5), (7, 40, 33), (13, 16, 64), (50, 300, 31), (101, 65, 100), (97, 513, 48)]);

    [Theory, MemberData(nameof(Cases))]
    public void Run_AnySize_IsXTimesWPlusBias(int lanes, (int Rows, int Inner, int Columns) of) => Lanes.Do(lanes, new Forward(of.Rows, of.Inner, of.Columns, adds: false));

    [Theory, MemberData(nameof(Cases))]
    public void Run_OntoWhatIsThere_AddsIt(int lanes, (int Rows, int Inner, int Columns) of) => Lanes.Do(lanes, new Forward(of.Rows, of.Inner, of.Columns, adds: true));

    [Theory, MemberData(nameof(Cases))]
    public void WeightGradient_AnySize_IsAddedToWhatIsThere(int lanes, (int Rows, int Inner, int Columns) of) => Lanes.Do(lanes, new Gradients(of.Rows, of.Inner, of.Columns));

    [Theory, MemberData(nameof(Cases))]
    public void Straight_AnySize_IsTheFactorOfTheInputsGradient(int lanes, (int Rows, int Inner, int Columns) of) => Lanes.Do(lanes, new Backward(of.Rows, of.Inner, of.Columns));

    [Theory, InlineData(3), InlineData(40)]
    public unsafe void Run_RowsAtOnceOrOneByOne_AreTheSameBits(int rows)
    {
        using var scope = NewDisposeScope();
        Tensor x = Lanes.Random(1, rows, 70), weight = Lanes.Random(2, 50, 70).to(ScalarType.Float32);
        ChunkMap inputs = ChunkMap.Plain(70), outputs = ChunkMap.Plain(50);
        using var packed = new PackedMatrix(inputs.Count * Panels.Chunk, outputs.Count * Panels.Chunk, isNarrow: false);
        for (var panel = 0; panel < packed.PanelCount; panel++) Pack.Transposed(weight.Floats(), outputs, inputs, panel, packed.Panel(panel));
        using var bias = Lanes.Row(Lanes.Random(3, 50));
        using PanelRows from = PanelRows.Of(x), together = new(rows, outputs), alone = new(rows, outputs);
        Product.Run(from.Panels, packed, bias.Data, together.Panels, null, Extent.Of(rows), Extent.Of(packed.PanelCount));
        for (var row = 0; row < rows; row++)
            for (var panel = 0; panel < packed.PanelCount; panel++) Product.Run(from.Panels, packed, bias.Data, alone.Panels, null, new Extent(row, row + 1), new Extent(panel, panel + 1));

        Assert.Equal(together.ToTensor().data<float>().ToArray(), alone.ToTensor().data<float>().ToArray());
    }

    private sealed class Forward(int rows, int inner, int columns, bool adds) : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            Tensor x = Lanes.Random(1, rows, inner), weight = Lanes.Random(2, columns, inner), bias = Lanes.Random(3, columns), there = Lanes.Random(4, rows, columns);
            ChunkMap inputs = ChunkMap.Plain(inner), outputs = ChunkMap.Plain(columns);
            using var packed = new PackedMatrix(inputs.Count * Panels.Chunk, outputs.Count * Panels.Chunk, isNarrow: false);
            for (var panel = 0; panel < packed.PanelCount; panel++) Pack.Transposed(weight.to(ScalarType.Float32).Floats(), outputs, inputs, panel, packed.Panel(panel));
            using var row = Lanes.Row(bias);
            using PanelRows from = PanelRows.Of(x), to = PanelRows.Of(there);
            for (var panel = 0; panel < packed.PanelCount; panel++) Product.Panel<L>(from.Panels, packed, row.Data, to.Panels, adds ? to.Panels.Data : null, Extent.Of(rows), panel);

            var expected = x.mm(weight.t()) + bias;
            Lanes.Near(adds ? expected + there : expected, to.ToTensor());
        }
    }

    private sealed class Backward(int rows, int inner, int columns) : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            Tensor gradient = Lanes.Random(1, rows, columns), weight = Lanes.Random(2, columns, inner);
            ChunkMap inputs = ChunkMap.Plain(inner), outputs = ChunkMap.Plain(columns);
            using var packed = new PackedMatrix(outputs.Count * Panels.Chunk, inputs.Count * Panels.Chunk, isNarrow: false);
            for (var panel = 0; panel < packed.PanelCount; panel++) Pack.Straight(weight.to(ScalarType.Float32).Floats(), outputs, inputs, panel, packed.Panel(panel));
            using var nothing = Lanes.Row(zeros(inner));
            using PanelRows from = PanelRows.Of(gradient), to = new(rows, inputs);
            for (var panel = 0; panel < packed.PanelCount; panel++) Product.Panel<L>(from.Panels, packed, nothing.Data, to.Panels, null, Extent.Of(rows), panel);

            Lanes.Near(gradient.mm(weight), to.ToTensor());
        }
    }

    private sealed class Gradients(int rows, int inner, int columns) : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            Tensor x = Lanes.Random(1, rows, inner), gradient = Lanes.Random(2, rows, columns), there = Lanes.Random(3, columns, inner), thereOfBias = Lanes.Random(4, columns);
            Tensor ofWeight = there.to(ScalarType.Float32), ofBias = thereOfBias.to(ScalarType.Float32);
            ChunkMap inputs = ChunkMap.Plain(inner), outputs = ChunkMap.Plain(columns);
            using PanelRows from = PanelRows.Of(x), towards = PanelRows.Of(gradient);
            WeightGradient.Run<L>(towards.Panels, from.Panels, rows, outputs, inputs, ofWeight.Floats(), Extent.Of(outputs.Count));
            BiasGradient.Run<L>(towards.Panels, rows, outputs, ofBias.Floats(), Extent.Of(outputs.Count));

            Lanes.Near(there + gradient.t().mm(x), ofWeight);
            Lanes.Near(thereOfBias + gradient.sum(0L), ofBias);
        }
    }
}
