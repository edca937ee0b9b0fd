namespace Rlhf.Rewards.World;

/// <summary>A thing the world talks about: its name, the words that belong to it, and one true sentence for each.</summary>
/// <param name="Name">The noun that names the topic in prompts.</param>
/// <param name="Facts">One sentence per keyword; the keyword is in it and in no other topic.</param>
internal sealed record Topic(string Name, IReadOnlyList<Fact> Facts)
{
    /// <summary>The words of a response that count as being about this topic.</summary>
    public IReadOnlySet<string> Words { get; } = Facts.Select(fact => fact.Keyword).Append(Name).ToHashSet(StringComparer.Ordinal);
}

/// <summary>A neutral sentence about a topic and the word in it that belongs to that topic alone.</summary>
internal sealed record Fact(string Keyword, string Sentence);
