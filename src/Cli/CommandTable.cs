using Rlhf.Cli.Commands;
using Rlhf.Cli.Shell;

namespace Rlhf.Cli;

/// <summary>Every command of the program, in the order help shows them. A new command is its file and its line here.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<Command> All { get; } =
    [
        DemoCommand.Create(),
        TokenizerCommand.Create(),
        TokenizerTools.Info(),
        TokenizerTools.Encode(),
        SftCommand.Create(),
        RewardCommand.Create(),
        RewardEvalCommand.Create(),
        GenerateCommand.Create(),
        SweepCommand.Create(),
        StudyCommand.Create(),
        PpoCommand.Create(),
        DpoCommand.Create(),
        CurveCommand.Create(),
        BestOfNCommand.Create(),
        ReportCommand.Create(),
        RoundsCommand.Create(),
        ServeCommand.Create(),
        DataCommand.Create(),
        ModelCommand.Create(),
        BenchCommand.Create(),
        DoctorCommand.Create(),
        CompletionCommand.Create(() => All!),
    ];
}
