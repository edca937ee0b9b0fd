using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>Two heads over rows of hidden states of their own, π's and ρ's, asked for the same targets.</summary>
/// <param name="rows">π's</param>
/// <param name="others">ρ's</param>
/// <param name="scale">1/T</param>
/// <param name="results">where it goes</param>
internal readonly unsafe struct HeadComparison(LogitRows rows, LogitRows others, float scale, HeadComparison.Results results) : ITasks
{
    public void Do(int task)
    {
        var extent = rows.Rows(task);
        NativeBuffer memory = NativePool.Shared.Rent(rows.BlockSize), otherMemory = NativePool.Shared.Rent(others.BlockSize);
        Compare(extent, rows.Make(extent, memory.Data).Logits, others.Make(extent, otherMemory.Data).Logits);
        NativePool.Shared.Return(memory);
        NativePool.Shared.Return(otherMemory);
    }

    private void Compare(Extent extent, Panels logits, Panels otherLogits)
    {
        var (count, columns) = (extent.Count, rows.Head.Vocabulary);
        float* numbers = stackalloc float[3 * count], otherNumbers = stackalloc float[3 * count], differences = stackalloc float[count];
        SoftmaxRows.Sums(logits, count, columns, scale, numbers);
        SoftmaxRows.Sums(otherLogits, count, columns, scale, otherNumbers);
        SoftmaxRows.Differences(logits, numbers, otherLogits, otherNumbers, count, columns, scale, differences);
        for (var row = 0; row < count; row++)
        {
            var at = extent.First + row;
            float sum = numbers[count + row], log = MathF.Log(sum), otherLog = MathF.Log(otherNumbers[count + row]);
            results.Divergences[at] = differences[row] / sum - log + otherLog;
            if (results.LogSums is not null) (results.LogSums[at], results.OtherLogSums[at]) = (numbers[row] * scale + log, otherNumbers[row] * scale + otherLog);
            if (results.Targets is null) continue;
            var target = (int)results.Targets[at];
            results.Entropies[at] = log - numbers[2 * count + row] / sum;
            results.LogProbs[at] = (logits.At(row, target / Panels.Chunk)[target % Panels.Chunk] - numbers[row]) * scale - log;
            results.OtherLogProbs[at] = (otherLogits.At(row, target / Panels.Chunk)[target % Panels.Chunk] - otherNumbers[row]) * scale - otherLog;
        }
    }

    /// <summary>Each [N].</summary>
    internal readonly struct Results
    {
        /// <summary>Σ π·(ln π − ln ρ).</summary>
        public required float* Divergences { get; init; }

        /// <summary>Null where nobody asks for what is of targets.</summary>
        public long* Targets { get; init; }

        public float* LogProbs { get; init; }

        public float* OtherLogProbs { get; init; }

        public float* Entropies { get; init; }

        /// <summary>Null where nobody asks.</summary>
        public float* LogSums { get; init; }

        public float* OtherLogSums { get; init; }
    }
}

/// <summary>The gradient of Σ f·KL(π‖ρ) towards π's logits.</summary>
internal readonly unsafe struct DivergenceGradient(LogitRows others, int columns, float scale, float* logSums, float* otherLogSums, float* divergences, float* factors) : ILogitGradient
{
    public void Of(Panels logits, Extent rows)
    {
        var memory = NativePool.Shared.Rent(others.BlockSize);
        var otherLogits = others.Make(rows, memory.Data).Logits;
        SoftmaxRows.Apart(logits, logSums + rows.First, otherLogits, otherLogSums + rows.First, rows.Count, columns, scale, divergences + rows.First, factors + rows.First);
        NativePool.Shared.Return(memory);
    }
}
