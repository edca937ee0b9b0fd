namespace Rlhf.Rewards.World;

/// <summary>All prompts of the world, each once.</summary>
internal static class PromptMaker
{
    /// <summary>Every prompt in a random order; the four forms are about equally frequent among the first thousands.</summary>
    public static IReadOnlyList<string> All(Dice dice)
    {
        var nouns = Lexicon.Topics.Select(topic => topic.Name).ToArray();
        var things = (from look in Lexicon.Looks from noun in nouns select $"{look} {noun}").ToArray();
        string[] named = [.. from name in Lexicon.Names from thing in things select $"What did {name} say of the {thing}?"];
        string[] told = [.. from thing in things from place in Lexicon.Places select $"Tell me about the {thing} at the {place}."];
        string[] asked = [.. from thing in things from place in Lexicon.Places select $"How was the {thing} at the {place}?"];
        string[] owned = [.. from name in Lexicon.Names from thing in things from place in Lexicon.Places select $"{name} had {Lexicon.WithArticle(thing)} at the {place}."];
        var some = dice.Shuffle(owned).Take(named.Length + told.Length + asked.Length);
        return dice.Shuffle([.. named, .. told, .. asked, .. some]);
    }
}
