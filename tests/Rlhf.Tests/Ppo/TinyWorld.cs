using System.Text.Json;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Training;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>The smallest world in which all of PPO happens: one layer, a byte vocabulary, prompts of unequal length.</summary>
internal sealed class TinyWorld : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tiny-world-").FullName;

    public TinyWorld()
    {
        BpeTrainer.Train(["abc"], new BpeTrainingOptions { VocabularySize = 257 }).Save(TokenizerFolder);
        Tokenizer = TextTokenizer.Load(TokenizerFolder);
        Prompts = [.. new[] { "a", "ab c", "to be", "x", "hello you", "no" }.Select((text, i) => new Prompt(i, text, Tokenizer.Encode(text)))];
    }

    public string TokenizerFolder => Path.Combine(_folder, "tokenizer");

    public TextTokenizer Tokenizer { get; }

    public IReadOnlyList<Prompt> Prompts { get; }

    /// <summary>A recipe small enough for a test to run many times.</summary>
    public static PpoRecipe Recipe { get; } = new()
    {
        Steps = 2,
        Episodes = 8,
        Epochs = 2,
        Minibatches = 2,
        Sampling = new SamplingOptions { MaxNewTokens = 6 },
        Optimizer = new() { LearningRate = 1e-2 },
        Critic = new CriticRecipe { Kind = CriticKind.ValueHead, Optimizer = new() { LearningRate = 1e-2 } },
    };

    public string Folder(string name) => Path.Combine(_folder, name);

    /// <summary>A random model whose responses come to an end about one time in six, so that both kinds of episode occur.</summary>
    public CausalLm Model(long seed = 1, int context = 32)
    {
        var shape = TransformerConfig.Gpt2(Tokenizer.VocabularySize, width: 16, layers: 1, heads: 2, context);
        var model = CausalLm.Create(shape with { TiedHead = false, InitializerRange = 0.3, Eos = Tokenizer.Eos }, seed);
        using var off = no_grad();
        model.named_parameters().Single(pair => pair.name == "trunk.norm.bias").parameter.fill_(1);
        model.HeadWeight[Tokenizer.Eos!.Value].fill_(0.28);   // 16 · 0.28 = 4.5 above the others, on the whole
        return model;
    }

    public PpoInputs Inputs(PpoRecipe recipe, IScorer? scorer = null, Device? device = null) => new()
    {
        Recipe = recipe,
        Policy = Model().to(device ?? CPU),
        Tokenizer = Tokenizer,
        Scorer = scorer ?? new CountingScorer(),
        Prompts = Prompts,
        Seed = 5,
        Device = device ?? CPU,
    };

    /// <summary>Of each step of a run.</summary>
    public List<Dictionary<string, double>> Metrics(string name) =>
        [.. File.ReadLines(Path.Combine(Folder(name), "metrics.jsonl")).Select(line => JsonSerializer.Deserialize<Dictionary<string, double>>(line)!)];

    public Run Open(string name, PpoRecipe recipe, RunOptions? options = null) => Run.Open(Folder(name), recipe, "ppo", options);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

/// <summary>The share of even tokens in a response, on a scale from 0 to 4.</summary>
internal sealed class CountingScorer : IScorer
{
    public string Name => "even tokens";

    public double[] Score(IReadOnlyList<ScoredText> items) =>
        [.. items.Select(item => 4.0 * item.ResponseTokens.Count(token => token % 2 == 0) / item.ResponseTokens.Length)];
}
