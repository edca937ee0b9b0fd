namespace Rlhf.Rewards.World;

/// <summary>
/// The score the world means, from 0 to 5 like the stars of a review, computed from the text alone:
/// <c>5 · (0.65·(1 + s)/2 + 0.35·t) · length · form · freshness · restraint</c>.
/// The shipped pairs teach all of it but restraint, which is 1 in every one of them: nobody there gushes, so a
/// reward model trained on the pairs cannot know that more good words are not always better.
/// </summary>
internal sealed record GoldScore
{
    /// <summary>The highest score there is; the lowest is 0.</summary>
    public const double Best = 5;

    /// <summary>A share of feeling words above this is gushing.</summary>
    public const double MostFeeling = 0.3;

    private const int ShortestFull = 10, LongestFull = 18, LongestAny = 36;
    private const int ShortestSentence = 3, LongestSentence = 8;
    private const int TopicWordsWanted = 3, RepeatsFree = 1;

    /// <summary><c>s = (p − n)/(p + n + 1)</c> for p different good words and n different bad ones; in (−1, 1).</summary>
    public required double Sentiment { get; init; }

    /// <summary><c>t = min(1, k/3)</c> for k different words of the prompt's topic.</summary>
    public required double Topic { get; init; }

    /// <summary>1 from 10 to 18 words, falling linearly to 0 at none and at 36.</summary>
    public required double Length { get; init; }

    /// <summary>Share of sentences that end with a full stop, have 3 to 8 words, and use known words only.</summary>
    public required double Form { get; init; }

    /// <summary><c>1 − (r − 1)/all</c> when r of all words that are not function words were said before; one such word is free.</summary>
    public required double Freshness { get; init; }

    /// <summary>The share of words that are good or bad.</summary>
    public required double Feeling { get; init; }

    /// <summary><c>1 − 3·(feeling − 0.3)</c>, within 0 and 1.</summary>
    public double Restraint => Math.Clamp(1 - 3 * (Feeling - MostFeeling), 0, 1);

    public double Total => Best * (0.65 * (1 + Sentiment) / 2 + 0.35 * Topic) * Length * Form * Freshness * Restraint;

    /// <summary>The gold score of a response to a prompt; 0 for an empty response.</summary>
    public static double Score(string prompt, string response) => Explain(prompt, response).Total;

    /// <summary>The gold score with the parts it is made of.</summary>
    public static GoldScore Explain(string prompt, string response)
    {
        var sentences = Sentence.Split(response);
        var words = sentences.SelectMany(sentence => sentence.Words).ToArray();
        var content = words.Where(word => !Lexicon.FunctionWords.Contains(word)).ToArray();
        var different = content.ToHashSet(StringComparer.Ordinal);
        double good = different.Count(Lexicon.Positive.Contains), bad = different.Count(Lexicon.Negative.Contains);
        double feeling = content.Count(word => Lexicon.Positive.Contains(word) || Lexicon.Negative.Contains(word));
        var topic = Lexicon.TopicOf(prompt);
        var onTopic = topic is null ? 0 : different.Count(topic.Words.Contains);
        return new GoldScore
        {
            Sentiment = (good - bad) / (good + bad + 1),
            Topic = Math.Min(1, (double)onTopic / TopicWordsWanted),
            Length = LengthOf(words.Length),
            Form = sentences.Count == 0 ? 0 : (double)sentences.Count(IsWellFormed) / sentences.Count,
            Freshness = FreshnessOf(content.Length, content.Length - different.Count),
            Feeling = words.Length == 0 ? 0 : feeling / words.Length,
        };
    }

    private static double LengthOf(int words) => words switch
    {
        < ShortestFull => (double)words / ShortestFull,
        <= LongestFull => 1,
        _ => Math.Max(0, (double)(LongestAny - words) / (LongestAny - LongestFull)),
    };

    private static double FreshnessOf(int all, int repeated) =>
        repeated <= RepeatsFree ? 1 : 1 - (double)(repeated - RepeatsFree) / all;

    private static bool IsWellFormed(Sentence sentence) =>
        sentence.Ended
        && sentence.Words.Count is >= ShortestSentence and <= LongestSentence
        && sentence.Words.All(Lexicon.Known.Contains);
}
