using System.Globalization;
using Rlhf.Foundation.Data;
using Rlhf.Rewards.World;

namespace Rlhf.Rewards.Sums;

/// <summary>
/// Writes the shipped task for a verifier, the same bytes from the same seed: all sums of two numbers of two digits that have two digits
/// again. A model that has seen them worked out a few times adds right now and then; a verifier, which shows no answer, does the rest.
/// </summary>
internal static class SumBuilder
{
    public const ulong DefaultSeed = 20240602;

    private const int Least = 10, Most = 99;
    private const int EvalSums = 256;

    /// <summary>Writes <c>sft</c> and <c>prompts.train</c>, of the same sums, and <c>prompts.eval</c>, of others, into a folder, as Parquet.</summary>
    public static void Write(string folder, ulong seed = DefaultSeed)
    {
        Directory.CreateDirectory(folder);
        var sums = new Dice(seed).Shuffle(
            from one in Enumerable.Range(Least, Most - Least + 1)
            from other in Enumerable.Range(Least, Most - Least + 1)
            where one + other <= Most
            select (Prompt: Text($"{one}+{other}="), Answer: Text($"{one + other}")));
        WriteRows(folder, "sft.parquet", "completion", sums[EvalSums..]);
        WriteRows(folder, "prompts.train.parquet", "answer", sums[EvalSums..]);
        WriteRows(folder, "prompts.eval.parquet", "answer", sums[..EvalSums]);
    }

    private static void WriteRows(string folder, string name, string column, IEnumerable<(string Prompt, string Answer)> sums)
    {
        using var writer = RowWriter.Create(Path.Combine(folder, name));
        foreach (var (prompt, answer) in sums) writer.Write(Row.Of(name, writer.Count + 1, ("prompt", prompt), (column, answer)));
        writer.Commit();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
