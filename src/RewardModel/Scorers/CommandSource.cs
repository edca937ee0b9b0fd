using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Scorers;

/// <summary>A program of the user's that scores.</summary>
[Describe("a program that reads JSON lines {\"prompt\", \"response\"} on stdin and writes one score a line, a number or {\"score\": number}")]
public sealed record CommandSource : IChecked
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("program and arguments, as a list")]
    public IReadOnlyList<string> Run { get; init; } = [];

    [Describe("columns of the prompts' file that it is handed too, as {\"columns\": {name: text}}")]
    public IReadOnlyList<string> Columns { get; init; } = [];

    [Describe("responses handed to one call of the program"), AtLeast(1)]
    public int BatchSize { get; init; } = 256;

    [Describe("seconds a call may take before it is ended"), Above(0)]
    public double Timeout { get; init; } = 60;

    [Describe("megabytes of address space a call may have (ulimit -v); 0: as many as it likes"), AtLeast(0)]
    public int MemoryMb { get; init; }

    [Describe("megabytes a call may write before it is ended"), AtLeast(1)]
    public int OutputMb { get; init; } = 16;

    public IEnumerable<Problem> Problems()
    {
        if (Run.Count == 0) yield return new Problem(nameof(Run), "found nothing; expected a list of the program and its arguments");
    }
}
