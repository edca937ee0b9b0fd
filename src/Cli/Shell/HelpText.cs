using System.Text;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Shell;

/// <summary>The help pages, from the command table and the recipe records.</summary>
internal static class HelpText
{
    private const string Usage = "rlhf <command> [recipe.yaml] [key=value ...] [--json] [--dry-run] [--print-recipe] [--help]";

    public static string Overview(IReadOnlyList<Command> commands)
    {
        var text = new StringBuilder($"""
            Fine-tunes small language models from preference data: SFT, reward model, PPO, KL-versus-reward curves.

            usage: {Usage}

            commands:

            """);
        var width = commands.Max(command => command.Name.Length);
        foreach (var command in commands) text.Append($"  {command.Name.PadRight(width)}  {command.Summary}\n");
        return text.Append("""

            first steps:
              rlhf demo                                     the whole pipeline on shipped data, in minutes
              rlhf ppo --help                               what a command's keys are, with their defaults
              rlhf ppo recipe.yaml ppo.clip=0.1             one stage of a recipe, one key changed
              rlhf ppo recipe.yaml --dry-run                would it run? checks files, shapes and memory
              rlhf doctor                                   is this machine set up well?

            A run that was stopped goes on when the same command is given again. Results go to stdout, the rest to stderr.
            Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped (with a checkpoint).

            """).ToString();
    }

    public static string Of(Command command)
    {
        var text = new StringBuilder($"{command.Summary}\n\nusage: rlhf {command.Name}");
        foreach (var positional in command.Positionals) text.Append($" [{positional}]");
        text.Append(" [recipe.yaml] [key=value ...] [--json] [--dry-run] [--print-recipe]\n");
        if (command.Examples.Count > 0) text.Append("\nexamples:\n");
        foreach (var example in command.Examples) text.Append($"  {example}\n");
        var lines = Lines(command);
        if (lines.Count > 0) text.Append("\nkeys, with their defaults:\n");
        foreach (var line in lines) Append(text, line);
        return text.ToString();
    }

    /// <summary>The keys a command reads: the common ones, then those of its sections.</summary>
    public static IReadOnlyList<HelpLine> Lines(Command command)
    {
        var lines = RecipeHelp.Lines(command.Recipe);
        if (command.Sections.Count == 0) return lines;
        var sections = RecipeField.Of(command.Recipe).Where(field => field.IsSection).Select(field => field.Key).Except(command.Sections).ToList();
        return [.. lines.Where(line => !sections.Any(section => line.Key.StartsWith(section + ".", StringComparison.Ordinal)))];
    }

    private static void Append(StringBuilder text, HelpLine line)
    {
        var start = $"  {line.Key}={line.Default}";
        text.Append(start.PadRight(40)).Append(start.Length < 40 ? " " : "\n" + new string(' ', 41));
        text.Append(line.Description).Append(line.Description.Length > 0 ? " " : "").Append($"({line.Expected})\n");
    }
}
