using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization.Training;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Training;

/// <summary>
/// Everything a reward stage reads, in a folder: a tiny model over bytes, and pairs in which the better reply says yes,
/// with further columns that hold the same rows told otherwise.
/// </summary>
internal sealed class RewardWorld : IDisposable
{
    private const int Pairs = 48;

    private readonly string folder = Directory.CreateTempSubdirectory("reward-world-").FullName;

    public RewardWorld()
    {
        BpeTrainer.Train(["x"], new BpeTrainingOptions { VocabularySize = 257, MinFrequency = 1000 }).Save(At("tokenizer"));
        using var model = CausalLm.Create(TransformerConfig.Gpt2(257, width: 16, layers: 1, heads: 2, context: 64) with { InitializerRange = 0.2, Eos = 0 }, 1);
        ModelFolder.Save(model, At("model"), new SaveOptions { TokenizerFrom = At("tokenizer") });
        File.WriteAllLines(At("pairs.jsonl"), Enumerable.Range(0, Pairs).Select(Pair));
        File.WriteAllLines(At("turned.jsonl"), Enumerable.Range(Pairs, 16).Select(i => $$"""{"prompt": "{{Question(i)}}", "chosen": " no", "rejected": " yes"}"""));
        File.WriteAllLines(At("broken.jsonl"), [.. Enumerable.Range(0, Pairs).Select(Pair), """{"prompt": "same?", "chosen": " it", "rejected": " it"}"""]);
        File.WriteAllLines(At("labels.jsonl"), Enumerable.Range(0, Pairs).Select(i => $$"""{"text": "{{Word(i)}} {{(i % 2 == 0 ? "yes" : "no")}}", "label": {{1 - i % 2}}, "other_text": "{{i}}", "other_label": {{i % 3 / 2.0}}}"""));
        File.WriteAllLines(At("prompts.jsonl"), Enumerable.Range(0, 4).Select(i => $$"""{"prompt": "tell me {{Word(i)}}"}"""));
    }

    public RewardRecipe Recipe => new()
    {
        Model = At("model"), Data = At("pairs.jsonl"), EvalShare = 0.3,
        Epochs = 6, BatchSize = 8, EvalEvery = 4,
        Optimizer = new OptimizerOptions { LearningRate = 2e-2, Schedule = Schedule.Linear },
    };

    public string At(params string[] parts) => Path.Combine([folder, .. parts]);

    /// <summary>A whole stage, as the program runs it, in a run of this name.</summary>
    public RewardReport? Train(string name, RewardRecipe recipe, IProgressSink? progress = null, Resume resume = Resume.Auto, CancellationToken stop = default)
    {
        using var run = Run.Open(At(name), recipe, "reward", new RunOptions { Stop = stop, Progress = progress ?? new SilentProgress(), Resume = resume });
        return new RewardStage(recipe, 1, CPU, ScalarType.Float32).Run(run);
    }

    /// <summary>Every file under a run's final/ with its bytes, by relative path.</summary>
    public SortedDictionary<string, byte[]> Final(string name) => new(
        Directory.EnumerateFiles(At(name, "final"), "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(At(name, "final"), file), File.ReadAllBytes),
        StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Pair(int i) => $$"""
        {"prompt": "{{Question(i)}}", "chosen": " yes {{Word(i)}}", "rejected": " no {{Word(i + 1)}}{{(i % 4 == 0 ? " at all" : "")}}", "margin": {{i % 3}}, "gold_chosen": {{2 + i % 2}}, "gold_rejected": {{1 + i % 3}}, "asked": "other {{i}}?", "better": " maybe", "worse": " yes", "gap": 2, "points": 1, "minus": 4, "turns": [{"role": "user", "content": "{{Word(i)}}?"}]}
        """;

    private static string Question(int i) => $"is {Word(i)} in {(char)('a' + i % 7)}{i}?";

    private static string Word(int i) => new[] { "rain", "sun", "wind", "a bird", "snow" }[i % 5];
}
