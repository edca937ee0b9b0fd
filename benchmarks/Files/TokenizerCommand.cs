using System.Diagnostics;
using System.Globalization;
using System.Text;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Benchmarks.Files;

/// <summary>Speed of loading, encoding, decoding and training tokenizers, on one thread.</summary>
internal static class TokenizerCommand
{
    public static int Run(string[] args)
    {
        // tokenizer TEXT_FILE TOKENIZER_FOLDER...: speed of loading, encoding, decoding and training, on one thread.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (args.Length < 2)
        {
            Console.Error.WriteLine("usage: tokenizer TEXT_FILE TOKENIZER_FOLDER...");
            return 2;
        }

        var text = File.ReadAllText(args[0]);
        var megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
        Console.WriteLine($"text: {args[0]}, {megabytes:F2} MB; best of 9 after a first run");

        foreach (var folder in args[1..])
        {
            var clock = Stopwatch.StartNew();
            var first = TextTokenizer.Load(folder).Encode(text);
            var cold = clock.Elapsed;
            var load = Best(() => TextTokenizer.Load(folder));
            var empty = BestFresh(() => TextTokenizer.Load(folder), fresh => fresh.Encode(text));
            var tokenizer = TextTokenizer.Load(folder);
            tokenizer.Encode(text);
            var warm = Best(() => tokenizer.Encode(text));
            // As data sets are read: many texts, on every core.
            string[] texts = [.. text.Split("\n\n").Where(one => one.Length > 0)];
            string[] many = [.. Enumerable.Repeat(texts, Math.Max(1, (int)(20 / megabytes))).SelectMany(all => all)];
            var size = many.Sum(one => (double)Encoding.UTF8.GetByteCount(one)) / 1e6;
            var together = Best(() => Parallel.ForEach(many, one => tokenizer.Encode(one)));
            Console.WriteLine($"{folder}: {many.Length} texts, {size:F1} MB, on {Environment.ProcessorCount} cores: {size / together.TotalSeconds:F1} MB/s");
            var decode = Best(() => tokenizer.Decode(first));
            Console.WriteLine($"{folder}: load {load.TotalMilliseconds:F0} ms ({cold.TotalMilliseconds:F0} ms with the first encoding of the process); "
                + $"encode {megabytes / empty.TotalSeconds:F1} MB/s with an empty cache, {megabytes / warm.TotalSeconds:F1} MB/s with a full one; "
                + $"decode {megabytes / decode.TotalSeconds:F1} MB/s; {first.Length} tokens");
        }

        foreach (var copies in (int[])[1, 10])
        {
            var texts = Enumerable.Repeat(text, copies).ToList();
            var options = new BpeTrainingOptions { VocabularySize = 4096 };
            var train = Best(() => BpeTrainer.Train(texts, options));
            Console.WriteLine($"train: {megabytes * copies:F2} MB to {options.VocabularySize} tokens in {train.TotalSeconds:F2} s");
        }

        return 0;
    }

    private static TimeSpan Best(Action action) => BestFresh(() => 0, _ => action());

    private static TimeSpan BestFresh<T>(Func<T> prepare, Action<T> action)
    {
        var best = TimeSpan.MaxValue;
        for (var run = 0; run < 9; run++)
        {
            var subject = prepare();
            var clock = Stopwatch.StartNew();
            action(subject);
            if (clock.Elapsed < best) best = clock.Elapsed;
        }

        return best;
    }
}
