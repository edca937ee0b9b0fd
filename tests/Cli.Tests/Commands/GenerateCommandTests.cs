using System.Text;
using System.Text.Json;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Commands;

public sealed class GenerateCommandTests : IDisposable
{
    private readonly TinyWorld _world = new();
    private readonly string _model;

    public GenerateCommandTests()
    {
        _model = _world.Folder("model");
        using var model = _world.Model();
        ModelFolder.Save(model, _model, new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Generate_ManySamples_ArePrintedAsTheyComeAndNotHeld()
    {
        using var output = new ClosedAfterTheFirstLine();
        var before = GC.GetAllocatedBytesForCurrentThread();

        var code = new CommandLine(CommandTable.All, output, TextWriter.Null).Run(["generate", _model, "prompt=ab c", "samples=200000", "max_new_tokens=1", "device=cpu"]);

        Assert.Equal(1, code);
        Assert.Equal(1, output.Lines);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void Generate_MoreThanIsHeldAtOnce_ComesByPromptThenSampleWithTheSameNumbers()
    {
        const int samples = 700;
        string[] prompts = ["a", "hello you"];
        var file = _world.Folder("prompts.jsonl");
        File.WriteAllLines(file, prompts.Select(prompt => JsonSerializer.Serialize(new { prompt })));

        var ending = InProcess.Run("generate", _model, $"prompts={file}", $"samples={samples}", "max_new_tokens=4", "seed=3", "device=cpu", "--json");

        Assert.True(ending.Code == 0, ending.Error);
        var rows = ending.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        (string Prompt, int Sample)[] expected = [.. prompts.SelectMany(prompt => Enumerable.Range(0, samples).Select(sample => (prompt, sample)))];
        Assert.Equal(expected, rows.Select(row => (row.GetProperty("prompt").GetString()!, row.GetProperty("sample").GetInt32())));
        using var model = _world.Model();
        var together = new TextGenerator(model, _world.Tokenizer.Eos, _world.Tokenizer.PadOrEos).Generate(
            [.. expected.Select(one => _world.Tokenizer.EncodeWithSpecials(one.Prompt))], new SamplingOptions { MaxNewTokens = 4 },
            [.. expected.Select(one => new RandomKey(3, 0, Array.IndexOf(prompts, one.Prompt), one.Sample))]);
        Assert.Equal(together.Select(completion => string.Join(' ', completion.Tokens)), rows.Select(row => string.Join(' ', row.GetProperty("tokens").EnumerateArray())));
    }

    [Fact]
    public void Generate_PromptWithoutRoom_IsRefusedByItsNumberBeforeAnythingIsPrinted()
    {
        var file = _world.Folder("prompts.jsonl");
        File.WriteAllLines(file, new[] { "a", new string('b', 40) }.Select(prompt => JsonSerializer.Serialize(new { prompt })));

        var ending = InProcess.Run("generate", _model, $"prompts={file}", "samples=2000", "max_new_tokens=1", "device=cpu");

        Assert.Equal((1, ""), (ending.Code, ending.Output));
        Assert.Contains("prompt 2 has 40 tokens; the model's context of 32 leaves no room for a response", ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1e-300")]
    [InlineData("1e-31")]
    public void Temperature_ThatLogitsCannotBeDividedBy_IsRefusedByItsKey(string temperature)
    {
        var ending = InProcess.Run("generate", _model, "prompt=a", $"temperature={temperature}");

        Assert.Equal(2, ending.Code);
        Assert.Contains($"temperature: found {temperature}; logits divided by it pass the bounds of float32, expected at least 1e-30 (0 takes the likeliest token)", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Temperature_LowestThatIsTaken_StillDraws()
    {
        var ending = InProcess.Run("generate", _model, "prompt=a", "temperature=1e-30", "max_new_tokens=4", "device=cpu");

        Assert.True(ending.Code == 0, ending.Error);
    }

    /// <summary>As a pipe into head.</summary>
    private sealed class ClosedAfterTheFirstLine : StringWriter
    {
        public int Lines { get; private set; }

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value)
        {
            Lines++;
            throw new IOException("Broken pipe");
        }
    }
}
