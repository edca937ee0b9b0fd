namespace Rlhf.Rewards.World;

/// <summary>
/// Writes responses as the people of this world do: in a good, mixed or bad mood, more or less on the topic,
/// some too short, but never gushing or rambling. Quality varies a lot, and its mean is middling.
/// </summary>
internal sealed class Storyteller(Dice dice)
{
    private const int FewestSentences = 2, MostSentences = 4, MostWords = 18;
    private const double OpinionShare = 0.45, FactShare = 0.4, MostFeeling = 0.22;

    public string Respond(string prompt)
    {
        var topic = Lexicon.TopicOf(prompt) ?? throw new ArgumentException($"'{prompt}' names no topic of the world", nameof(prompt));
        var count = FewestSentences + dice.Below(MostSentences - FewestSentences + 1);
        while (true)
        {
            var draft = Draft(topic, count);
            if (IsNatural(prompt, draft)) return draft;
        }
    }

    private string Draft(Topic topic, int count)
    {
        var goodness = dice.Uniform();                                   // the mood: the chance that an opinion is good
        var focus = dice.Uniform();                                      // the chance that a fact is about the topic
        var other = dice.Pick(Lexicon.Topics.Where(t => t != topic).ToArray());
        var sentences = new List<string>();
        while (sentences.Count < count)
        {
            var kind = dice.Uniform();
            var next = kind < OpinionShare ? Opinion(topic, goodness)
                : kind < OpinionShare + FactShare ? dice.Pick((dice.Uniform() < focus ? topic : other).Facts).Sentence
                : dice.Pick(Lexicon.Fillers);
            if (!sentences.Contains(next)) sentences.Add(next);
        }

        return string.Join(' ', sentences);
    }

    private string Opinion(Topic topic, double goodness) => dice.Below(8) switch
    {
        0 or 1 => $"The {topic.Name} was {Adjective(goodness)}.",
        2 => $"It was {Adjective(goodness)} and {Adjective(goodness)}.",
        3 => $"I thought it was {Adjective(goodness)}.",
        4 => $"We had {Lexicon.WithArticle(Adjective(goodness))} day.",
        5 => $"{dice.Pick(Lexicon.Names)} said it was {Adjective(goodness)}.",
        6 => $"I {Verb(goodness)} the {topic.Name}.",
        _ => $"It felt {Adjective(goodness)} to me.",
    };

    private string Adjective(double goodness) => dice.Pick(dice.Uniform() < goodness ? Lexicon.GoodAdjectives : Lexicon.BadAdjectives);

    private string Verb(double goodness) => dice.Pick(dice.Uniform() < goodness ? Lexicon.GoodVerbs : Lexicon.BadVerbs);

    private static bool IsNatural(string prompt, string draft) =>
        IsMeasured(prompt, draft) && Sentence.AllWords(draft).Count <= MostWords;

    /// <summary>Feelings in moderation, well below where gold calls it gushing: that it does stays unseen.</summary>
    internal static bool IsMeasured(string prompt, string response) => GoldScore.Explain(prompt, response).Feeling <= MostFeeling;
}
