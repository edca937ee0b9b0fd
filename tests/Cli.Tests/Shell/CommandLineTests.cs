using Rlhf.Cli.Shell;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Tests.Shell;

public sealed class CommandLineTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    [Fact]
    public void Run_Command_BindsItsKeysAndReturnsItsCode()
    {
        Assert.Equal(0, Run("greet", "who=World"));
        Assert.Equal("hello World\n", _output.ToString());
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public void Run_NoWords_ExplainsOnStderr()
    {
        Assert.Equal(2, Run());
        Assert.Equal("", _output.ToString());
        Assert.Contains("greet  Says hello.", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public void Run_Help_ListsCommandsOnStdout(string word)
    {
        Assert.Equal(0, Run(word));
        Assert.Contains("greet  Says hello.", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("greet", "--help")]
    [InlineData("help", "greet")]
    public void Run_HelpOfCommand_ShowsKeyDefaultDescriptionAndType(params string[] words)
    {
        Assert.Equal(0, Run(words));
        Assert.Contains("  who=nobody                             Whom to greet. (text)\n", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("  rlhf greet who=you\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gret", "rlhf: unknown command 'gret'; did you mean 'greet'?")]
    [InlineData("xyzzy", "rlhf: unknown command 'xyzzy'; rlhf --help lists the commands")]
    public void Run_UnknownCommand_Suggests(string word, string message)
    {
        Assert.Equal(2, Run(word));
        Assert.Equal(message + "\n", _error.ToString());
    }

    [Theory]
    [InlineData("whom=x", "rlhf greet: the override whom=x: unknown key 'whom'; did you mean 'who'?")]
    [InlineData("times=x", "rlhf greet: the override times=x: times: found 'x'; expected a whole number")]
    [InlineData("no-such.yaml", "rlhf greet: no-such.yaml: no such recipe; see data/recipes for those that come with the program")]
    public void Run_WrongUsage_IsOneLineAndTwo(string word, string message)
    {
        Assert.Equal(2, Run("greet", word));
        Assert.Equal(message + "\n", _error.ToString());
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public void Run_PrintRecipe_PrintsTheResolvedOneAndDoesNothing()
    {
        Assert.Equal(0, Run("greet", "who=x", "--print-recipe"));
        Assert.Equal("who: x                                  # Whom to greet.\ntimes: 1\nhow: nicely\n", _output.ToString());
    }

    [Fact]
    public void Run_DryRun_ChecksAndDoesNothing()
    {
        Assert.Equal(0, Run("greet", "--dry-run"));
        Assert.Equal("", _output.ToString());
        Assert.Equal(1, Run("greet", "who=forbidden", "--dry-run"));
        Assert.Contains("rlhf greet: forbidden", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("known", 1, "rlhf greet: file x: expected y\n")]
    [InlineData("disk_full", 1, "rlhf greet: the disk is full (No space left on device); free space, then run the same command again to go on\n")]
    [InlineData("missing", 1, "rlhf greet: Could not find file 'x'.\n")]
    [InlineData("unexpected", 1, "rlhf greet: unexpected InvalidOperationException: odd state; RLHF_TRACE=1 shows where\n")]
    [InlineData("native", 1, "rlhf greet: a native library cannot be used: libtorch; rlhf doctor says more\n")]
    [InlineData("interrupted", 130, "rlhf greet: stopped after step 3\n")]
    [InlineData("cancelled", 130, "rlhf greet: stopped before anything worth a checkpoint was done\n")]
    public void Run_Failure_IsOneLineAndItsCode(string how, int code, string message)
    {
        Assert.Equal(code, Run("greet", $"how={how}"));
        Assert.Equal(message, _error.ToString());
    }

    [Fact]
    public void Run_Warnings_AreShownOnceAndAgainAtTheEnd()
    {
        Assert.Equal(0, Run("greet", "how=warning"));
        Assert.Equal("warning: careful\nwarnings of this run:\n  careful\n", _error.ToString());
    }

    private int Run(params string[] words) => new CommandLine([Greet], _output, _error).Run(words);

    private static Command Greet { get; } = Command.For<GreetRecipe>("greet", "Says hello.", Hello, Check) with { Examples = ["rlhf greet who=you"] };

    private static void Check(GreetRecipe recipe, CommandContext context)
    {
        if (recipe.Who == "forbidden") throw new RlhfException("forbidden");
    }

    private static int Hello(GreetRecipe recipe, CommandContext context)
    {
        switch (recipe.How)
        {
            case How.Known: throw new RlhfException("file x: expected y");
            case How.DiskFull: throw new AggregateException(new IOException("No space left on device", 28));
            case How.Missing: throw new FileNotFoundException("Could not find file 'x'.");
            case How.Unexpected: throw new InvalidOperationException("odd\nstate");
            case How.Native: throw new TypeInitializationException("TorchSharp.torch", new DllNotFoundException("libtorch"));
            case How.Interrupted: throw new InterruptedException("stopped after step 3");
            case How.Cancelled: throw new OperationCanceledException();
            case How.Warning:
                context.Progress.Warn("careful");
                context.Progress.Warn("careful");
                break;
            default:
                context.Output.Write($"hello {recipe.Who}\n");
                break;
        }

        return 0;
    }
}

internal enum How
{
    Nicely,
    Known,
    DiskFull,
    Missing,
    Unexpected,
    Native,
    Interrupted,
    Cancelled,
    Warning,
}

internal sealed record GreetRecipe
{
    [Describe("Whom to greet.")]
    public string Who { get; init; } = "nobody";

    public int Times { get; init; } = 1;

    public How How { get; init; } = How.Nicely;
}
