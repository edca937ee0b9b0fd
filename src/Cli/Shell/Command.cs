namespace Rlhf.Cli.Shell;

/// <summary>One command of the program: a name, the record its keys bind to, and what it does with it.</summary>
/// <param name="Recipe">The record type that the recipe file and the overrides bind to.</param>
/// <param name="Run">Does the work; the result is the exit code.</param>
/// <param name="Check">What <c>--dry-run</c> does: validates what <paramref name="Run"/> would need, changes nothing.</param>
public sealed record Command(string Name, string Summary, Type Recipe, Func<object, CommandContext, int> Run, Action<object, CommandContext>? Check)
{
    /// <summary>Other names it answers to. A name may be two words: <c>tokenizer train</c>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// Keys that arguments without a key fill, in order: <c>rlhf report runs/demo</c> is <c>rlhf report run=runs/demo</c>.
    /// A last one that ends in three dots is a list and takes all that are left.
    /// </summary>
    public IReadOnlyList<string> Positionals { get; init; } = [];

    /// <summary>Sections of the recipe this command reads besides the common keys; help shows these.</summary>
    public IReadOnlyList<string> Sections { get; init; } = [];

    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>The shipped recipe it runs where no file is given, by name; null: the records' defaults.</summary>
    public string? ShippedRecipe { get; init; }

    public Interruption Interruption { get; init; } = Interruption.AtOnce;

    /// <summary>Whether several processes share its work. One that leaves checkpoints and does not would have them write over each other.</summary>
    public bool IsShared { get; init; }

    /// <summary>What to change in a recipe that found no room in memory; null where no key of it helps.</summary>
    public Func<object, string?>? WhenOutOfMemory { get; init; }

    public static Command For<T>(string name, string summary, Func<T, CommandContext, int> run, Action<T, CommandContext>? check = null, Func<T, string?>? whenOutOfMemory = null) where T : class =>
        new(name, summary, typeof(T), (recipe, context) => run((T)recipe, context), check is null ? null : (recipe, context) => check((T)recipe, context))
        {
            WhenOutOfMemory = whenOutOfMemory is null ? null : recipe => whenOutOfMemory((T)recipe),
        };
}

/// <summary>What SIGINT, SIGTERM and SIGUSR1 do to a command.</summary>
public enum Interruption
{
    /// <summary>They end it, as they end any program.</summary>
    AtOnce,

    /// <summary>They cancel <see cref="CommandContext.Stop"/>; the command leaves a checkpoint and ends.</summary>
    AfterCheckpoint,
}
