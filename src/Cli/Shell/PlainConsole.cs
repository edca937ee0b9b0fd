using Spectre.Console;

namespace Rlhf.Cli.Shell;

/// <summary>Tables on stdout, the same wherever it leads: no colours, wide enough for numbers.</summary>
internal static class PlainConsole
{
    private const int Width = 140;

    public static IAnsiConsole On(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = Width;
        return console;
    }
}
