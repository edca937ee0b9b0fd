using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;
using LLama.Sampling;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Gguf;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
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

    private static string Continued(Rlhf.Policies.Models.CausalLm model, TextTokenizer tokenizer, int count)
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
