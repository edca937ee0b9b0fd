using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Tokenizers;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.TensorFiles;
using Rlhf.Policies.Tokenization.Bpe;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Files;

/// <summary>What the product's own readers gain over the packages' where it keeps one.</summary>
internal static class PackagesCommand
{
    private const string Letters = "abcdefgh";

    /// <summary>packages [mebibytes=512]</summary>
    public static int Run(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Weights(args.Length > 0 ? int.Parse(args[0].Split('=')[^1]) : 512);
        LongWords();
        return 0;
    }

    private static void Weights(int mebibytes)
    {
        var path = Path.Combine(Path.GetTempPath(), $"packages-{Environment.ProcessId}.safetensors");
        try
        {
            using (NewDisposeScope()) SafetensorsFile.Save(path, Enumerable.Range(0, mebibytes / 8).ToDictionary(i => $"weight.{i}", _ => zeros(2048, 1024)));
            Time($"safetensors of {mebibytes} MiB, ours", () => Free(SafetensorsFile.Load(path)));
            Time($"safetensors of {mebibytes} MiB, PyBridge", () => Free(Safetensors.LoadStateDict(path)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void LongWords()
    {
        var random = new Random(1);
        List<string> pieces = [.. Letters.Select(letter => letter.ToString())];
        List<(string, string)> merges = [];
        while (merges.Count < 500)
        {
            var (left, right) = (pieces[random.Next(pieces.Count)], pieces[random.Next(pieces.Count)]);
            if (left.Length + right.Length > 8 || pieces.Contains(left + right)) continue;
            merges.Add((left, right));
            pieces.Add(left + right);
        }

        var vocabulary = pieces.Select((piece, id) => (piece, id)).ToDictionary(one => one.piece, one => one.id);
        var package = BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = merges.Select(merge => $"{merge.Item1} {merge.Item2}") });
        var ours = new LongWordMerger(vocabulary, [.. merges.Select(merge => $"{merge.Item1} {merge.Item2}")]);
        foreach (var length in (int[])[1_000, 10_000, 100_000])
        {
            var word = string.Concat(Enumerable.Range(0, length).Select(_ => Letters[random.Next(Letters.Length)]));
            if (!ours.Merge(word).SequenceEqual(package.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false))) throw new InvalidOperationException("the two merge differently");
            Time($"a word of {length} letters, ours", () => ours.Merge(word));
            Time($"a word of {length} letters, Microsoft.ML.Tokenizers", () => package.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));
        }
    }

    private static void Free(Dictionary<string, Tensor> tensors)
    {
        foreach (var tensor in tensors.Values) tensor.Dispose();
    }

    private static void Time(string what, Action work)
    {
        var (before, best) = (ProcessMemory.Read().Allocated, double.MaxValue);
        ProcessMemory.ResetPeak();
        for (var i = 0; i < 3; i++)
        {
            var clock = Stopwatch.StartNew();
            work();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        Console.WriteLine($"{what,-60} {best * 1e3,10:F1} ms; memory at most {(ProcessMemory.Read().Peak - before) >> 20} MiB more");
    }
}
