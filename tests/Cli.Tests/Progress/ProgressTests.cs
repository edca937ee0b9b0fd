using Rlhf.Cli.Progress;
using Rlhf.Foundation.Runs;
using Spectre.Console;

namespace Rlhf.Cli.Tests.Progress;

public sealed class ProgressTests : IDisposable
{
    private readonly StringWriter _output = new();

    public void Dispose() => _output.Dispose();

    [Fact]
    public void Plain_Steps_PrintsFirstAndLastAndWarningsAgain()
    {
        using (var progress = new PlainProgress(_output))
        {
            progress.Begin("sft", 3, 0);
            for (var step = 1; step <= 3; step++) progress.Advance(step, new Dictionary<string, double> { ["loss"] = 1.0 / step });
            progress.Warn("careful");
            progress.Warn("careful");
            progress.End();
        }

        var lines = _output.ToString().Split('\n');
        Assert.Equal("sft: 3 to do", lines[0]);
        Assert.Matches(@"^sft 1/3  [\d.]+/s  0s left  loss 1$", lines[1]);
        Assert.Matches(@"^sft 3/3  [\d.]+/s  in 0s  loss 0\.3333$", lines[2]);
        Assert.Equal(["warning: careful", "warnings of this run:", "  careful", ""], lines[3..]);
    }

    [Fact]
    public void Plain_Resumed_SaysFromWhere()
    {
        using var progress = new PlainProgress(_output);
        progress.Begin("ppo", 10, 4);

        Assert.Equal("ppo: going on after 4 of 10\n", _output.ToString());
    }

    [Fact]
    public void Live_Steps_ShowsBarMetricsNotesAndWarnings()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new TerminalWithoutLines(_output), Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, ColorSystem = ColorSystemSupport.NoColors });
        using (var progress = new LiveProgress(console))
        {
            progress.Begin("ppo", 4, 0);
            progress.Advance(4, new Dictionary<string, double> { ["score"] = 2.5 });
            progress.Note("a [note]");
            progress.Warn("careful [here]");
            progress.End();
        }

        var text = _output.ToString();
        Assert.Contains("4/4  100%", text, StringComparison.Ordinal);
        Assert.Contains("score 2.5", text, StringComparison.Ordinal);
        Assert.Contains("a [note]", text, StringComparison.Ordinal);
        Assert.EndsWith("warnings of this run:\n  careful [here]\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(59, "59s")]
    [InlineData(61, "1m01s")]
    [InlineData(3600 * 26 + 60, "26h01m")]
    public void Duration_Seconds_ReadsWell(int seconds, string expected) => Assert.Equal(expected, Pace.Duration(TimeSpan.FromSeconds(seconds)));

    /// <summary>As some say they are.</summary>
    private sealed class TerminalWithoutLines(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width => 100;

        public int Height => 0;

        public void SetEncoding(System.Text.Encoding encoding) { }
    }
}
