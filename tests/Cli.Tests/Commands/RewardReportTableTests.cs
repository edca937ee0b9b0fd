using Rlhf.Cli.Commands;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Tests.Evaluation;
using Spectre.Console;

namespace Rlhf.Cli.Tests.Commands;

public sealed class RewardReportTableTests
{
    [Fact]
    public void Table_NamesTheVerdictAndEscapesTexts()
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 160;
        var pair = Judged.Pair(0, 1);
        RewardReportTable.Write(RewardReport.Of([pair with { Pair = pair.Pair with { Prompt = "[red]text" } }]), console);
        Assert.Contains("worse (-0.500", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("[red]text", text.ToString(), StringComparison.Ordinal);
    }
}
