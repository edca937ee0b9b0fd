using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

/// <summary>Products of bfloat16 in kernels, where the processor has instructions for them.</summary>
[Collection(nameof(KernelRule))]
public sealed unsafe class NarrowTests
{
    public static MatrixTheoryData<(int, int, int), bool> Cases => new([(1, 1, 1), (2, 3, 5), (7, 40, 33), (13, 16, 64), (50, 300, 31), (101, 65, 100), (97, 513, 48), (700, 20, 70)], [false, true]);

    [Fact]
    public void Rows_AnyNumber_IsRoundedAsLibtorchDoes()
    {
        Want();
        using var scope = NewDisposeScope();
        float[] special = [0, -0f, 1, 1.00390625f, 1.01171875f, -1.00390626f, 3.3895314e38f, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, BitConverter.UInt32BitsToSingle(0x7FFFFFFF), 1e-40f, 1e-45f, 65535, -1e-38f];
        Assert.Equal(Panels.Chunk, special.Length);
        var x = cat([tensor(special).unsqueeze(0), Lanes.Random(1, 5, Panels.Chunk).to(ScalarType.Float32)]);
        using var rows = PanelRows.Of(x);
        var found = new ushort[6 * 2 * Panels.Chunk];
        fixed (ushort* to = found) Narrow.Rows(rows.Panels, Extent.Of(6), 2, to);

        var expected = x.to(ScalarType.BFloat16).to(ScalarType.Float32).data<float>().ToArray();
        for (var row = 0; row < 6; row++)
            for (var column = 0; column < 2 * Panels.Chunk; column++)
                Assert.Equal(column < Panels.Chunk ? expected[row * Panels.Chunk + column] : 0, Wide(found[row * 2 * Panels.Chunk + column]));
    }

    [Theory, InlineData(1), InlineData(15), InlineData(16), InlineData(37)]
    public void PairsAndTurned_AnyRows_AreTheSameNumbersInOtherOrders(int count)
    {
        Want();
        using var scope = NewDisposeScope();
        var x = Lanes.Random(1, count, Panels.Chunk);
        using var rows = PanelRows.Of(x);
        const int Step = 48;
        ushort[] pairs = new ushort[Step * Panels.Chunk], turned = new ushort[Step * Panels.Chunk];
        fixed (ushort* to = pairs) Narrow.Pairs(rows.Panels.Data, Panels.Chunk, count, to);
        fixed (ushort* to = turned) Narrow.Turned(rows.Panels.Data, count, to, Step);

        var expected = x.to(ScalarType.Float32).to(ScalarType.BFloat16).to(ScalarType.Float32).data<float>().ToArray();
        for (var row = 0; row < (count + 1) / 2 * 2; row++)
        {
            for (var column = 0; column < Panels.Chunk; column++)
            {
                var number = row < count ? expected[row * Panels.Chunk + column] : 0;
                Assert.Equal(number, Wide(pairs[row / 2 * 2 * Panels.Chunk + 2 * column + row % 2]));
                Assert.Equal(number, Wide(turned[column * Step + row]));
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Run_AnySize_IsTheProductOfWhatIsRounded((int Rows, int Inner, int Columns) of, bool adds)
    {
        Want();
        using var scope = NewDisposeScope();
        Tensor x = Lanes.Random(1, of.Rows, of.Inner), weight = Lanes.Random(2, of.Columns, of.Inner), bias = Lanes.Random(3, of.Columns), there = Lanes.Random(4, of.Rows, of.Columns);
        using var projection = Packed(weight, bias);
        using PanelRows from = PanelRows.Of(x), to = PanelRows.Of(there), towards = PanelRows.Of(there), back = new(of.Rows, projection.Inputs);
        Product.Run(from.Panels, projection.Forward, projection.Bias, to.Panels, adds ? to.Panels.Data : null, Extent.Of(of.Rows), Extent.Of(projection.Forward.PanelCount));
        using var nothing = Lanes.Row(zeros(of.Inner));
        Product.Run(towards.Panels, projection.Backward, nothing.Data, back.Panels, null, Extent.Of(of.Rows), Extent.Of(projection.Backward.PanelCount));

        var expected = Rounded(x).mm(Rounded(weight).t()) + Rounded(bias);
        Lanes.Near(adds ? expected + there : expected, to.ToTensor());
        Lanes.Near(Rounded(there).mm(Rounded(weight)), back.ToTensor());
    }

    [Theory, InlineData(3), InlineData(40), InlineData(130)]
    public void Run_RowsAtOnceOrOneByOne_AreTheSameBits(int rows)
    {
        Want();
        using var scope = NewDisposeScope();
        Tensor x = Lanes.Random(1, rows, 330), weight = Lanes.Random(2, 50, 330);
        using var projection = Packed(weight, Lanes.Random(3, 50));
        using PanelRows from = PanelRows.Of(x), together = new(rows, projection.Outputs), alone = new(rows, projection.Outputs);
        Product.Run(from.Panels, projection.Forward, projection.Bias, together.Panels, null, Extent.Of(rows), Extent.Of(projection.Forward.PanelCount));
        for (var row = 0; row < rows; row++)
            for (var panel = 0; panel < projection.Forward.PanelCount; panel++) Product.Run(from.Panels, projection.Forward, projection.Bias, alone.Panels, null, new Extent(row, row + 1), new Extent(panel, panel + 1));

        Assert.Equal(together.ToTensor().data<float>().ToArray(), alone.ToTensor().data<float>().ToArray());
    }

    [Theory, MemberData(nameof(Cases))]
    public void WeightGradient_AnySize_IsAddedToWhatIsThere((int Rows, int Inner, int Columns) of, bool isGated)
    {
        Want();
        using var scope = NewDisposeScope();
        var columns = isGated ? 2 * of.Columns : of.Columns;
        Tensor x = Lanes.Random(1, of.Rows, of.Inner), gradient = Lanes.Random(2, of.Rows, columns), there = Lanes.Random(3, columns, of.Inner);
        var found = there.to(ScalarType.Float32);
        ChunkMap inputs = ChunkMap.Plain(of.Inner), outputs = isGated ? ChunkMap.Gated(of.Columns) : ChunkMap.Plain(of.Columns);
        using PanelRows from = PanelRows.Of(x), towards = PanelRows.Of(gradient, outputs);
        for (var first = 0; first < outputs.Count; first += 4) WeightGradient.Run(towards.Panels, from.Panels, of.Rows, outputs, inputs, isNarrow: true, found.Floats(), Extent.Of(outputs.Count).From(first, 4));

        Lanes.Near(there + Rounded(gradient).t().mm(Rounded(x)), found);
    }

    private static void Want() => Assert.SkipUnless(KernelRule.ServesModel(CPU, ScalarType.BFloat16), "this processor has no products of bfloat16");

    private static float Wide(ushort number) => BitConverter.UInt32BitsToSingle((uint)number << 16);

    private static Tensor Rounded(Tensor numbers) => numbers.to(ScalarType.Float32).to(ScalarType.BFloat16).to(ScalarType.Float64);

    private static PackedProjection Packed(Tensor weight, Tensor bias)
    {
        var projection = new PackedProjection(ChunkMap.Plain((int)weight.shape[0]), ChunkMap.Plain((int)weight.shape[1]), isNarrow: true);
        using var packing = new Packing();
        Tensor narrow = weight.to(ScalarType.Float32).to(ScalarType.BFloat16), narrowBias = bias.to(ScalarType.Float32).to(ScalarType.BFloat16);
        projection.Take(new ProjectionWeights(() => narrow, isMade: false, narrowBias, 1), backward: true, packing);
        packing.Run();
        return projection;
    }
}
