using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>ln π(target) of rows of hidden states, ln Σ e^l and the entropy of π beside it.</summary>
/// <param name="rows">the hidden states</param>
/// <param name="scale">1/T</param>
/// <param name="targets">[N]</param>
/// <param name="logProbs">[N]</param>
/// <param name="logSums">[N]; null where nobody asks</param>
/// <param name="entropies">[N]; null where nobody asks</param>
/// <param name="kept">[N, V] takes the logits, and [N, D] the hidden states they were made of; no data: they are forgotten</param>
internal readonly unsafe struct HeadForward(LogitRows rows, float scale, long* targets, float* logProbs, float* logSums, float* entropies, (Panels Logits, Panels Hidden) kept) : ITasks
{
    public void Do(int task)
    {
        var extent = rows.Rows(task);
        if (kept.Logits.Data is not null)
        {
            rows.Read(extent, kept.Hidden, extent.First);
            rows.Multiply(kept.Hidden, kept.Logits, extent);
            Ask(extent, new Panels(kept.Logits.At(extent.First, 0), kept.Logits.ChunkStep));
            return;
        }

        var memory = NativePool.Shared.Rent(rows.BlockSize);
        Ask(extent, rows.Make(extent, memory.Data).Logits);
        NativePool.Shared.Return(memory);
    }

    private void Ask(Extent extent, Panels logits)
    {
        var count = extent.Count;
        var numbers = stackalloc float[3 * count];
        SoftmaxRows.Sums(logits, count, rows.Head.Vocabulary, scale, numbers);
        for (var row = 0; row < count; row++)
        {
            var (at, log) = (extent.First + row, MathF.Log(numbers[count + row]));
            var target = (int)targets[at];
            logProbs[at] = (logits.At(row, target / Panels.Chunk)[target % Panels.Chunk] - numbers[row]) * scale - log;
            if (logSums is not null) logSums[at] = numbers[row] * scale + log;
            if (entropies is not null) entropies[at] = log - numbers[2 * count + row] / numbers[count + row];
        }
    }
}
