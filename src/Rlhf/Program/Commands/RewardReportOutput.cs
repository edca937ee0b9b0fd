using Rlhf.Rewards.Evaluation;
using Spectre.Console;

namespace Rlhf.Program.Commands;

/// <summary>Prints a reward model's trust report as tables or JSON.</summary>
internal static class RewardReportOutput
{
    private const int Width = 140;

    public static void Write(RewardReport report, CommandContext context)
    {
        if (context.Format == OutputFormat.Json)
        {
            context.Output.Write(RewardReportJson.Text(report));
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Output), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = Width;
        RewardReportTable.Write(report, console);
    }
}
