using Rlhf.Rewards.Evaluation;

namespace Rlhf.Program.Commands;

/// <summary>Prints a reward model's trust report as tables or JSON.</summary>
internal static class RewardReportOutput
{
    public static void Write(RewardReport report, CommandContext context)
    {
        if (context.Format == OutputFormat.Json)
        {
            context.Output.Write(RewardReportJson.Text(report));
            return;
        }

        RewardReportTable.Write(report, PlainConsole.On(context.Output));
    }
}
