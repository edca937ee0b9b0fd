using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Preferences;

/// <summary>What is wrong with a row, apart from where it stands.</summary>
internal sealed record Fault(DefectKind Kind, string Reason);

/// <summary>A row that cannot be used: where it stands and why.</summary>
internal sealed record Defect(string Source, long Line, DefectKind Kind, string Reason)
{
    public override string ToString() => $"{Source} line {Line}: {KeyNames.Snake(Kind.ToString())}: {Reason}";
}
