using Rlhf.Policies.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

/// <summary>What likelihoods are made of, against log-softmax of float64.</summary>
public sealed class SoftmaxRowsTests
{
    private const int Rows = 6;

    public static MatrixTheoryData<int, int, float> Cases => new([16, 8, 4], [1, 5, 32, 301], [1, 0.25f, 4]);

    [Theory, MemberData(nameof(Cases))]
    public void SumsDifferencesAndGradients_AreThoseOfLogSoftmax(int lanes, int columns, float scale) => Lanes.Do(lanes, new All(columns, scale));

    [Theory, MemberData(nameof(Lanes.All), MemberType = typeof(Lanes))]
    public void Sums_ScaleBeyondFloat32sPrecision_StayFinite(int lanes) => Lanes.Do(lanes, new Cold());

    [Theory, MemberData(nameof(Cases))]
    public void Draw_IsTheTokenAtWhichTheSumOfProbabilitiesPasses(int lanes, int columns, float scale) => Lanes.Do(lanes, new Drawn(columns, scale));

    private static PanelRows Logits(Tensor logits)
    {
        var rows = PanelRows.Of(logits);
        rows.Fill(SoftmaxRows.Hidden);
        return rows;
    }

    private sealed class All(int columns, float scale) : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            Tensor one = Lanes.Random(1, Rows, columns) * 3, other = Lanes.Random(2, Rows, columns) * 3;
            Tensor p = (one * scale).log_softmax(-1), q = (other * scale).log_softmax(-1);
            using PanelRows logits = Logits(one), others = Logits(other);
            float* numbers = stackalloc float[3 * Rows], otherNumbers = stackalloc float[3 * Rows], differences = stackalloc float[Rows];
            SoftmaxRows.Sums<L>(logits.Panels, Rows, columns, scale, numbers);
            SoftmaxRows.Sums<L>(others.Panels, Rows, columns, scale, otherNumbers);
            SoftmaxRows.Differences<L>(logits.Panels, numbers, others.Panels, otherNumbers, Rows, columns, scale, differences);
            float* logSums = stackalloc float[Rows], otherLogSums = stackalloc float[Rows], c = stackalloc float[Rows], e = stackalloc float[Rows], h = stackalloc float[Rows], kl = stackalloc float[Rows];
            Tensor entropy = -(p.exp() * p).sum(-1), divergence = (p.exp() * (p - q)).sum(-1);
            for (var row = 0; row < Rows; row++)
            {
                float sum = numbers[Rows + row], log = MathF.Log(sum), otherLog = MathF.Log(otherNumbers[Rows + row]);
                (logSums[row], otherLogSums[row]) = (numbers[row] * scale + log, otherNumbers[row] * scale + otherLog);
                h[row] = log - numbers[2 * Rows + row] / sum;
                kl[row] = differences[row] / sum - log + otherLog;
                (c[row], e[row]) = (row - 2.5f, 0.5f * row);
                Assert.Equal((one[row] * scale).logsumexp(0).ToDouble(), logSums[row], 1e-5);
                Assert.Equal(entropy[row].ToDouble(), h[row], 1e-5);
                Assert.Equal(divergence[row].ToDouble(), kl[row], 2e-5);
            }

            Tensor weights = tensor(new Span<float>(c, Rows).ToArray()).unsqueeze(1), ofEntropy = tensor(new Span<float>(e, Rows).ToArray()).unsqueeze(1);
            SoftmaxRows.Apart<L>(logits.Panels, logSums, others.Panels, otherLogSums, Rows, columns, scale, kl, c);
            Lanes.Near(weights * p.exp() * (p - q - divergence.unsqueeze(1)), logits.ToTensor(), 2e-5);

            using var again = Logits(one);
            SoftmaxRows.Weighted<L>(again.Panels, Rows, columns, scale, logSums, c, e, h);
            Lanes.Near(p.exp() * (weights + ofEntropy * (p + entropy.unsqueeze(1))), again.ToTensor(), 1e-5);
        }
    }

    private sealed class Cold : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            using var logits = Logits(Lanes.Random(1, Rows, 40));
            var numbers = stackalloc float[3 * Rows];
            SoftmaxRows.Sums<L>(logits.Panels, Rows, 40, 1e30f, numbers);
            for (var row = 0; row < Rows; row++) Assert.Equal((1f, 0f), (numbers[Rows + row], numbers[2 * Rows + row]));
        }
    }

    private sealed class Drawn(int columns, float scale) : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            var given = Lanes.Random(1, Rows, columns) * 3;
            var logProbs = (given * scale).log_softmax(-1);
            var passed = logProbs.exp().cumsum(-1);
            using var logits = Logits(given);
            float* uniforms = stackalloc float[Rows], found = stackalloc float[Rows];
            var tokens = stackalloc long[Rows];
            for (var trial = 0; trial < 20; trial++)
            {
                for (var row = 0; row < Rows; row++) uniforms[row] = (trial * Rows + row) / (20f * Rows);
                Draw.Tokens<L>(logits.Panels, Rows, columns, scale, uniforms, tokens, found);
                for (var row = 0; row < Rows; row++)
                {
                    var token = tokens[row];
                    Assert.InRange(token, 0, columns - 1);
                    Assert.True(passed[row, token].ToDouble() >= uniforms[row] - 1e-6);
                    Assert.True(token == 0 || passed[row, token - 1].ToDouble() <= uniforms[row] + 1e-6);
                    Assert.Equal(logProbs[row, token].ToDouble(), found[row], 1e-5);
                }
            }
        }
    }
}
