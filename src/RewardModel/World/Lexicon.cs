namespace Rlhf.Rewards.World;

/// <summary>Every word of the world. What is not here is not English to <see cref="GoldScore"/>.</summary>
internal static class Lexicon
{
    public static IReadOnlyList<Topic> Topics { get; } =
    [
        About("dog", ("tail", "It had a long tail."), ("bone", "It dug up a bone."), ("paw", "It gave me a paw."), ("ball", "It ran to the ball."), ("bark", "We heard it bark.")),
        About("cat", ("milk", "It had some milk."), ("rug", "It slept on the rug."), ("mouse", "It ran to a mouse."), ("fur", "It had black fur."), ("purr", "We heard it purr.")),
        About("kite", ("wind", "It went up in the wind."), ("string", "I held the string."), ("tree", "It got stuck in a tree."), ("cloud", "It flew to a cloud."), ("wing", "It had a paper wing.")),
        About("soup", ("bowl", "It came in a bowl."), ("spoon", "I had a big spoon."), ("salt", "It had some salt in it."), ("bread", "I ate bread with it."), ("corn", "There was corn in it.")),
        About("bike", ("wheel", "It had a new wheel."), ("bell", "I rang the bell."), ("hill", "We rode up the hill."), ("seat", "I sat on the seat."), ("chain", "I had to fix the chain.")),
        About("boat", ("lake", "It went on the lake."), ("row", "We had to row."), ("sail", "It had a white sail."), ("wave", "There was a big wave."), ("fish", "We saw a fish.")),
        About("cake", ("cream", "There was cream on it."), ("slice", "I ate a slice."), ("sugar", "It had sugar in it."), ("oven", "It came out of the oven."), ("candle", "There was a candle on it.")),
        About("book", ("page", "I read the last page."), ("king", "It told of a king."), ("cover", "It had a red cover."), ("bed", "I read it in bed."), ("chapter", "We read a chapter.")),
        About("song", ("drum", "There was a drum in it."), ("dance", "We had to dance."), ("tune", "I know the tune."), ("band", "A band played it."), ("voice", "I heard a voice.")),
        About("coat", ("pocket", "It had a big pocket."), ("button", "I lost a button."), ("wool", "It was made of wool."), ("rain", "It kept out the rain."), ("sleeve", "It had a long sleeve.")),
        About("game", ("dice", "We had to roll the dice."), ("team", "I was on a team."), ("goal", "I got a goal."), ("rule", "There was one rule."), ("prize", "We got a prize.")),
        About("train", ("station", "It left the station."), ("ticket", "I had a ticket."), ("track", "It ran on a track."), ("tunnel", "It went in a tunnel."), ("driver", "We saw the driver.")),
    ];

    public static IReadOnlyList<string> Names { get; } = ["Tom", "Mia", "Ben", "Ana", "Sam", "Lily", "Max", "Eva", "Jack", "Rosa"];

    public static IReadOnlyList<string> Places { get; } = ["park", "farm", "shop", "school", "beach", "market", "fair", "camp"];

    /// <summary>Adjectives that say nothing good or bad.</summary>
    public static IReadOnlyList<string> Looks { get; } = ["red", "blue", "green", "black", "white", "big", "small", "old", "new", "long"];

    public static IReadOnlyList<string> GoodAdjectives { get; } =
        ["good", "great", "nice", "lovely", "happy", "sweet", "fun", "bright", "warm", "fine", "grand", "cute", "neat", "fresh", "pretty", "kind"];

    public static IReadOnlyList<string> BadAdjectives { get; } =
        ["bad", "sad", "dull", "poor", "ugly", "cold", "dirty", "nasty", "awful", "weak", "broken", "grim", "sour", "rough", "mean", "boring"];

    public static IReadOnlyList<string> GoodVerbs { get; } = ["loved", "liked", "enjoyed"];

    public static IReadOnlyList<string> BadVerbs { get; } = ["hated", "disliked", "feared"];

    /// <summary>Sentences that say nothing: neither good nor bad, nor about any topic.</summary>
    public static IReadOnlyList<string> Fillers { get; } =
        ["Then we went home.", "That was last week.", "I do not know more.", "It was there all day.", "We were there for an hour.", "There is no more to say."];

    /// <summary>Words that hold sentences together; saying them twice is no repetition.</summary>
    public static IReadOnlySet<string> FunctionWords { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "a", "about", "all", "an", "and", "at", "ate", "came", "did", "do", "dug", "felt", "fix", "flew", "for", "gave", "got", "had",
        "heard", "held", "how", "i", "in", "is", "it", "kept", "left", "lost", "made", "me", "no", "not", "of", "on", "one", "out",
        "played", "ran", "rang", "read", "rode", "roll", "said", "sat", "saw", "say", "slept", "some", "tell", "that", "the", "then",
        "there", "thought", "to", "told", "up", "was", "we", "went", "were", "what", "with",
    };

    public static IReadOnlySet<string> Positive { get; } = GoodAdjectives.Concat(GoodVerbs).ToHashSet(StringComparer.Ordinal);

    public static IReadOnlySet<string> Negative { get; } = BadAdjectives.Concat(BadVerbs).ToHashSet(StringComparer.Ordinal);

    /// <summary>All words, lower case.</summary>
    public static IReadOnlySet<string> Known { get; } = Topics.SelectMany(topic => topic.Facts).Select(fact => fact.Sentence)
        .Concat(Fillers).SelectMany(Sentence.AllWords)
        .Concat(Topics.Select(topic => topic.Name)).Concat(Names.Select(name => name.ToLowerInvariant()))
        .Concat(Places).Concat(Looks).Concat(Positive).Concat(Negative).Concat(FunctionWords).ToHashSet(StringComparer.Ordinal);

    /// <summary>The topic that a prompt names, or null.</summary>
    public static Topic? TopicOf(string prompt)
    {
        var words = Sentence.AllWords(prompt);
        return Topics.FirstOrDefault(topic => words.Contains(topic.Name, StringComparer.Ordinal));
    }

    /// <summary>The word with "a" or "an" before it.</summary>
    internal static string WithArticle(string word) => word[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? $"an {word}" : $"a {word}";

    private static Topic About(string name, params (string Keyword, string Sentence)[] facts) =>
        new(name, facts.Select(fact => new Fact(fact.Keyword, fact.Sentence)).ToArray());
}
