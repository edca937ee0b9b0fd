using System.Globalization;
using Rlhf.Foundation.Data;
using Rlhf.Rewards.World;

namespace Rlhf.Rewards.Sums;

/// <summary>
/// Writes the shipped task for a verifier, the same bytes from the same seed: all sums of two numbers of two digits that have two digits
/// again, each in one file. A model that has seen some of them worked out adds others right now and then; a verifier does the rest.
/// </summary>
public static class SumBuilder
{
    public const ulong DefaultSeed = 20240602;

    private const int Least = 10, Most = 99;
    private const int SftSums = 1500, EvalSums = 256;

    /// <summary>Writes <c>sft</c>, <c>prompts.train</c> and <c>prompts.eval</c> into a folder, as Parquet.</summary>
    public static void Write(string folder, ulong seed = DefaultSeed)
    {
        Directory.CreateDirectory(folder);
        var sums = new Dice(seed).Shuffle(
            from one in Enumerable.Range(Least, Most - Least + 1)
            from other in Enumerable.Range(Least, Most - Least + 1)
            where one + other <= Most
            select (Prompt: Text($"{one}+{other}="), Answer: Text($"{one + other}")));
        WriteRows(folder, "sft.parquet", "completion", sums[..SftSums]);
        WriteRows(folder, "prompts.eval.parquet", "answer", sums[SftSums..(SftSums + EvalSums)]);
        WriteRows(folder, "prompts.train.parquet", "answer", sums[(SftSums + EvalSums)..]);
    }

    private static void WriteRows(string folder, string name, string column, IEnumerable<(string Prompt, string Answer)> sums)
    {
        using var writer = RowWriter.Create(Path.Combine(folder, name));
        foreach (var (prompt, answer) in sums) writer.Write(Row.Of(name, writer.Count + 1, ("prompt", prompt), (column, answer)));
        writer.Commit();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
