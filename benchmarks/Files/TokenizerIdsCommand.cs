using System.Globalization;
using Rlhf.Policies.Tests.Tokenization;

namespace Rlhf.Benchmarks.Files;

/// <summary>Ids of random texts, by this program and by Hugging Face's own library.</summary>
internal static class TokenizerIdsCommand
{
    public static int Run(string[] args)
    {
        if (args.Length < 2 || !int.TryParse(args[0], CultureInfo.InvariantCulture, out var count))
        {
            Console.Error.WriteLine("usage: benchmarks tokenizer-ids COUNT TOKENIZER_FOLDER...");
            return 2;
        }

        var wrong = 0;
        foreach (var folder in args[1..])
        {
            using var both = new HuggingFaceIds(folder);
            var differences = RandomTexts.Of(1, count).Select(both.Difference).OfType<string>().ToList();
            Console.WriteLine($"{folder}: {count} texts, {differences.Count} with other ids");
            foreach (var difference in differences.Take(5)) Console.WriteLine($"  {difference}");
            wrong += differences.Count;
        }

        return wrong == 0 ? 0 : 1;
    }
}
