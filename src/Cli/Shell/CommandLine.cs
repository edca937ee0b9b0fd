using Rlhf.Foundation;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Shell;

/// <summary>From the words of a command line to an exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped.</summary>
public sealed class CommandLine(IReadOnlyList<Command> commands, TextWriter output, TextWriter error)
{
    private const int Done = 0, WrongUsage = 2;

    public int Run(IReadOnlyList<string> words)
    {
        if (words.Count == 0)
        {
            error.Write(HelpText.Overview(commands));
            return WrongUsage;
        }

        if (words[0] is "--version") return Print(ProgramVersion.Text + "\n");
        if (words[0] is "--help" or "-h" or "help") return Print(words.Count > 1 && Find([.. words.Skip(1)]) is ({ } topic, _) ? HelpText.Of(topic) : HelpText.Overview(commands));
        return Find(words) is ({ } command, var named) ? Run(command, [.. words.Skip(named)]) : Unknown(words[0]);
    }

    private int Run(Command command, string[] words)
    {
        Arguments arguments;
        object recipe;
        JobOptions options;
        try
        {
            arguments = Arguments.Parse(words, command.Positionals);
            if (arguments.Help) return Print(HelpText.Of(command));
            recipe = Bind(command, arguments);
            options = JobOptions.FromEnvironment(ProgramVersion.Text);
        }
        catch (RlhfException wrong)
        {
            error.WriteLine($"rlhf {command.Name}: {wrong.Message}");
            return WrongUsage;
        }

        if (arguments.PrintRecipe) return Print(RecipeWriter.Write(recipe));
        using var progress = Terminal.Progress(error);
        using var interrupts = command.Interruption == Interruption.AfterCheckpoint ? new Interrupts(progress.Note) : null;
        if (interrupts is not null) Leash.Watch(interrupts);
        using var job = new JobMembership(JobPlace.Here, options with { Say = line => error.WriteLine($"rlhf {command.Name}: {line}") });
        var context = new CommandContext
        {
            Job = job,
            Output = output,
            Progress = progress,
            Stop = interrupts?.Token ?? CancellationToken.None,
            Format = arguments.Json ? OutputFormat.Json : OutputFormat.Text,
        };
        return Failures.Report(command, recipe, error, context, () => arguments.DryRun ? Check(command, recipe, context) : Work(command, recipe, context));
    }

    private static object Bind(Command command, Arguments arguments)
    {
        var (yaml, source) = arguments.RecipeFile is { } path ? (RecipeBinder.ReadText(path), path)
            : command.ShippedRecipe is { } name ? (Shipped.Recipe(name), name)
            : ("", "the command line");
        return RecipeBinder.Bind(command.Recipe, yaml, source, arguments.Overrides);
    }

    private static int Work(Command command, object recipe, CommandContext context)
    {
        if (command.Interruption == Interruption.AfterCheckpoint && !command.IsShared && JobPlace.Here() is { Size: > 1 } place)
            throw new RlhfException($"{place.Size} processes were started, and this command is the work of one; several share sft, reward, ppo, dpo and curve");
        return command.Run(recipe, context);
    }

    private static int Check(Command command, object recipe, CommandContext context)
    {
        command.Check?.Invoke(recipe, context);
        context.Progress.Note("dry run: nothing stands in the way");
        return Done;
    }

    /// <summary>The command that the first two words name, or the first one, and how many that were.</summary>
    private (Command? Command, int Words) Find(IReadOnlyList<string> words)
    {
        if (words.Count > 1 && Named($"{words[0]} {words[1]}") is { } exact) return (exact, 2);
        return (Named(words[0]), 1);
    }

    private Command? Named(string name) => commands.FirstOrDefault(command => command.Name == name || command.Aliases.Contains(name));

    private int Unknown(string name)
    {
        var advice = KeyNames.Nearest(name, commands.Select(command => command.Name)) is { } nearest ? $"did you mean '{nearest}'?" : "rlhf --help lists the commands";
        error.WriteLine($"rlhf: unknown command '{name}'; {advice}");
        return WrongUsage;
    }

    private int Print(string text)
    {
        output.Write(text);
        return Done;
    }
}
