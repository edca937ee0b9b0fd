using System.Text;
using Rlhf.Cli.Shell;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Commands;

/// <summary>Shell completion, generated from the command table.</summary>
internal static class CompletionCommand
{
    /// <param name="all">every command of the program, this one too; asked when it runs</param>
    public static Command Create(Func<IReadOnlyList<Command>> all) => Command.For<CompletionRecipe>("completion", "Prints a script that completes commands and keys in bash or zsh.", (recipe, context) =>
    {
        context.Output.Write(Script(recipe.Shell, all()));
        return 0;
    }) with
    {
        Positionals = ["shell"],
        Examples = ["source <(rlhf completion bash)", "rlhf completion zsh > ~/.zfunc/_rlhf"],
    };

    internal static string Script(CompletedShell shell, IReadOnlyList<Command> commands)
    {
        var cases = new StringBuilder();
        foreach (var command in commands.OrderByDescending(command => command.Name.Count(letter => letter == ' ')))
            cases.Append($"    \"{command.Name} \"*) words=\"{string.Join(' ', [.. SecondWords(command, commands), .. HelpText.Lines(command).Select(line => line.Key + "=")])}\" ;;\n");
        var bash = $$"""
            _rlhf() {
              local word="${COMP_WORDS[COMP_CWORD]}" words=""
              if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W "{{string.Join(' ', commands.Select(command => command.Name.Split(' ')[0]).Distinct())}}" -- "$word"))
                return
              fi
              case "${COMP_WORDS[*]:1} " in
            {{cases}}  esac
              COMPREPLY=($(compgen -W "$words --json --dry-run --print-recipe --help" -- "$word") $(compgen -f -- "$word"))
              if [ "${#COMPREPLY[@]}" -eq 1 ] && [ "${COMPREPLY[0]%=}" != "${COMPREPLY[0]}" ]; then compopt -o nospace 2>/dev/null; fi
            }
            complete -o filenames -F _rlhf rlhf

            """;
        return shell == CompletedShell.Zsh ? "#compdef rlhf\nautoload -U +X bashcompinit && bashcompinit\n" + bash : bash;
    }

    /// <summary>What may follow a command's one word: what makes a name of two, or the choices of an argument without a key.</summary>
    private static IEnumerable<string> SecondWords(Command command, IReadOnlyList<Command> commands)
    {
        var names = commands.SelectMany(other => (string[])[other.Name, .. other.Aliases])
            .Where(name => name.StartsWith(command.Name + " ", StringComparison.Ordinal)).Select(name => name[(command.Name.Length + 1)..]);
        return names.Concat(RecipeField.Of(command.Recipe).Where(field => command.Positionals.Contains(field.Key) && field.Type.IsEnum).SelectMany(field => Scalars.Names(field.Type)));
    }
}

internal enum CompletedShell
{
    Bash,
    Zsh,
}

internal sealed record CompletionRecipe
{
    [Describe("the shell to write for")]
    public CompletedShell Shell { get; init; } = CompletedShell.Bash;
}
