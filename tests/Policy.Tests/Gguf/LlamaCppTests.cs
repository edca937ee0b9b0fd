using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;
using LLama.Sampling;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Gguf;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Training;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Gguf;

/// <summary>llama.cpp reads exported files and goes on with a text as this program does; skips where its library does not load.</summary>
public sealed class LlamaCppTests
{
    private const string Prompt = "Once upon a time";
    private const int Tokens = 60;

    [Theory]
    [InlineData("stories260K", GgufType.F32, Tokens)]
    [InlineData("stories260K", GgufType.F16, Tokens)]
    [InlineData("stories260K", GgufType.Bf16, 12)]
    [InlineData("stories260K", GgufType.Q8_0, 12)]
    [InlineData("stories15M", GgufType.F32, Tokens)]
    [InlineData("stories15M", GgufType.F16, Tokens)]
    [InlineData("stories15M", GgufType.Bf16, 12)]
    [InlineData("stories15M", GgufType.Q8_0, 12)]
    public async Task Export_RealModel_IsContinuedByLlamaCppAsHere(string name, GgufType type, int same)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        WantLibrary();
        using var folder = new TemporaryFolder();
        var (source, file) = (TestData.At("models", name), folder.At("model.gguf"));
        string ours;
        using (var model = ModelFolder.Load(source, CPU))
        {
            GgufExport.Save(model, source, file, type);
            ours = Continued(model, TextTokenizer.Load(source), same);
        }

        var theirs = await Theirs(file);
        Assert.StartsWith(ours, theirs, StringComparison.Ordinal);
    }

    // No file of these families is here: their golden models' shapes with weights drawn at random, so that biases and gains count too.
    [Theory]
    [InlineData("gpt2")]
    [InlineData("families/qwen2")]
    [InlineData("families/qwen3")]
    [InlineData("families/gemma3")]
    public async Task Export_FamilyWithDrawnWeights_IsContinuedByLlamaCppAsHere(string family)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        WantLibrary();
        using var folder = new TemporaryFolder();
        BpeTrainer.Train(["Once upon a time there was a bird. Once upon a time"], new BpeTrainingOptions { VocabularySize = 270 }).Save(folder.Path);
        var tokenizer = TextTokenizer.Load(folder.Path);
        var config = ModelFolder.ReadConfig(TestData.At("golden", family)) with { Vocabulary = tokenizer.VocabularySize, Bos = tokenizer.Bos, Eos = tokenizer.Eos, Pad = null };
        // Readers know one pattern of windows and one scale of Gemma's.
        if (config.WindowLayers is not null) config = config with { Layers = 6, WindowLayers = [true, true, true, true, true, false], AttentionScale = null };
        using var model = Drawn(config, tokenizer);
        GgufExport.Save(model, folder.Path, folder.At("model.gguf"), GgufType.F32);

        var ours = Continued(model, tokenizer, 24);

        Assert.InRange(ours.Distinct().Count(), 3, 60);
        Assert.StartsWith(ours, await Theirs(folder.At("model.gguf")), StringComparison.Ordinal);
    }

    /// <summary>Weights that say something everywhere; tokens that are no letters are never the likeliest, because their logit is 0.</summary>
    private static CausalLm Drawn(TransformerConfig config, TextTokenizer tokenizer)
    {
        var model = new CausalLm(config, (name, shape) =>
        {
            using var generator = RandomParameters.GeneratorOf(name, 7);
            // A large embedding that is the head as well would repeat its last token for ever.
            var deviation = name.Contains("norm", StringComparison.Ordinal) ? 0.2 : name.Contains("embed", StringComparison.Ordinal) ? 0.3 / config.EmbeddingScale : 0.3;
            var drawn = randn(shape, generator: generator).mul_(Number.Of(deviation));
            return name.EndsWith("norm.weight", StringComparison.Ordinal) && !config.NormsAddOne ? drawn.add_(Number.Of(1)) : drawn;
        });
        using var off = no_grad();
        for (var id = 0; id < config.Vocabulary; id++)
            if (tokenizer.IsSpecial(id) || tokenizer.Decode([id]) is not { Length: > 0 } text || !text.All(c => char.IsAsciiLetter(c) || c == ' ')) model.HeadWeight[id].zero_();
        return model;
    }

    private static string Continued(CausalLm model, TextTokenizer tokenizer, int count)
    {
        var prompt = tokenizer.EncodeWithSpecials(Prompt);
        var completion = new TextGenerator(model, tokenizer.Eos, tokenizer.PadOrEos).Generate([prompt], new SamplingOptions { Temperature = 0, MaxNewTokens = count }, [new RandomKey(1, 0, 0, 0)])[0];
        var decoder = tokenizer.ContinueDecoding();
        return string.Concat(completion.Tokens.Select(decoder.Append)) + decoder.Finish();
    }

    private static async Task<string> Theirs(string file)
    {
        var parameters = new ModelParams(file) { ContextSize = 256, GpuLayerCount = 0, Threads = 2 };
        using var weights = await LLamaWeights.LoadFromFileAsync(parameters, TestContext.Current.CancellationToken);
        var executor = new StatelessExecutor(weights, parameters);
        var text = new System.Text.StringBuilder();
        await foreach (var part in executor.InferAsync(Prompt, new InferenceParams { MaxTokens = Tokens, SamplingPipeline = new GreedySamplingPipeline() }, TestContext.Current.CancellationToken)) text.Append(part);
        return text.ToString();
    }

    private static void WantLibrary()
    {
        try
        {
            NativeLibraryConfig.All.WithLogCallback((_, _) => { });
            NativeApi.llama_empty_call();
        }
        catch (Exception error) when (error is RuntimeError or DllNotFoundException or TypeInitializationException)
        {
            Assert.Skip($"llama.cpp's library does not load here: {error.InnerException?.Message ?? error.Message}");
        }
        catch (InvalidOperationException)
        {
            // Loaded before: the callback is set already.
        }
    }
}
