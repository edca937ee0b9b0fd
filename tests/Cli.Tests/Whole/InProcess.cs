using Rlhf.Cli.Shell;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>The program's command line, run inside the test: its code, stdout and stderr.</summary>
internal static class InProcess
{
    internal sealed record Ending(int Code, string Output, string Error);

    public static Ending Run(params string[] words)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = new CommandLine(CommandTable.All, output, error).Run(words);
        return new Ending(code, output.ToString(), error.ToString());
    }
}
