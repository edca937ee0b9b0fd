using Rlhf.Cli.Cards;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Commands;

/// <summary>What a stage has to do its work with.</summary>
internal sealed record StageWork<TSection>(Recipe Recipe, TSection Section, Machine Machine, Run Run, CommandContext Context);

/// <summary>
/// A stage of a recipe, as a command and as a part of a pipeline: it looks for what it reads, opens its run, works unless
/// that is finished, and says where the result is. What is a stage's own is given.
/// </summary>
internal sealed record StageCommand<TSection>(string Name, string Summary) where TSection : class
{
    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>The stage's section in a recipe, if it has one.</summary>
    public required Func<Recipe, TSection?> Given { get; init; }

    /// <summary>The section with what earlier stages of the recipe left, where it names nothing else.</summary>
    public Func<Recipe, TSection, TSection> Completed { get; init; } = (_, section) => section;

    /// <summary>What of a recipe decides this stage's run.</summary>
    public required Func<Recipe, TSection, Recipe> Decisive { get; init; }

    /// <summary>Looks for every file and folder that it reads.</summary>
    public required Action<Recipe, TSection, CommandContext> Check { get; init; }

    /// <summary>What decides how much memory it takes; null where that is nothing to speak of.</summary>
    public Func<Recipe, TSection, MemoryPlan>? Memory { get; init; }

    /// <summary>By which keys it takes less.</summary>
    public Func<Recipe, TSection, MemoryAdvice>? Advice { get; init; }

    public required Action<StageWork<TSection>> Work { get; init; }

    public Command AsCommand() => Command.For<Recipe>(Name, Summary, Run, Foresee, WhenOutOfMemory) with
    {
        Sections = [Name, "track"],
        Interruption = Interruption.AfterCheckpoint,
        IsShared = true,
        Examples = Examples,
    };

    public PipelineStage AsPart() => new(Name, recipe => Given(recipe) is not null, Run, Foresee, recipe => Decisive(recipe, Section(recipe)), WhenOutOfMemory);

    private int Run(Recipe recipe, CommandContext context)
    {
        var section = Section(recipe);
        Check(recipe, section, context);
        var machine = Machine.Of(recipe, context);
        using var run = Stage.Open(Decisive(recipe, section), Name, context, machine);
        if (!run.IsFinished) Work(new StageWork<TSection>(recipe, section, machine, run, context));
        ModelCards.KeepIfMissing(run, context.Progress.Warn);
        return Stage.SayFinished(run, context);
    }

    private void Foresee(Recipe recipe, CommandContext context)
    {
        var section = Section(recipe);
        Check(recipe, section, context);
        if (Memory is not null) MemoryEstimate.Of(Memory(recipe, section)).Tell(Name, Advice!(recipe, section).Beforehand, context, Machine.DeviceOf(recipe.Device));
    }

    private string? WhenOutOfMemory(Recipe recipe) => Advice?.Invoke(recipe, Section(recipe)).Afterwards;

    private TSection Section(Recipe recipe) => Given(recipe) is { } section
        ? Completed(recipe, section)
        : throw new WrongUsageException($"the recipe has no section {Name}; see rlhf {Name} --help");
}
