namespace Rlhf.Foundation.Runs;

/// <summary>What a folder holds was made from something else than what is there now.</summary>
/// <param name="reason">The folder, and what differs.</param>
/// <param name="remedy">What to do about it where the folder is a run of its own.</param>
public sealed class StaleRunException(string reason, string remedy) : RlhfException($"{reason}; {remedy}")
{
    public string Reason { get; } = reason;
}
