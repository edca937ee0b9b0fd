namespace Rlhf.Rewards.Preferences;

/// <summary>A prompt and its two replies, once it is clear where the prompt ends.</summary>
internal readonly record struct Sides(string Prompt, string Chosen, string Rejected)
{
    /// <summary>What makes this no pair to learn from, or null.</summary>
    public Fault? Fault
    {
        get
        {
            if (string.IsNullOrWhiteSpace(Prompt)) return new Fault(DefectKind.EmptyPrompt, "the prompt is empty");
            if (string.IsNullOrWhiteSpace(Chosen)) return new Fault(DefectKind.EmptyReply, "the chosen reply is empty");
            if (string.IsNullOrWhiteSpace(Rejected)) return new Fault(DefectKind.EmptyReply, "the rejected reply is empty");
            return Chosen.AsSpan().Trim().SequenceEqual(Rejected.AsSpan().Trim())
                ? new Fault(DefectKind.IdenticalSides, "the chosen and the rejected reply are the same")
                : null;
        }
    }
}
