using Rlhf.Cli.Labels;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Scorers;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Rounds;

/// <summary>
/// An annotator who goes by a score, and errs as Bradley and Terry have it: P(first) = σ(difference / noise). What it says of
/// a pair hangs on the seed and the texts alone.
/// </summary>
internal sealed class ScoreLabeller(IScorer scorer, TextTokenizer tokenizer, double noise, ulong seed)
{
    public const string Name = "score";

    /// <summary>Labels what the board still has for it.</summary>
    public void Label(LabelBoard board)
    {
        var shown = new List<CandidatePair>();
        foreach (var pair in board.Unanswered()) shown.Add(pair);
        var scores = scorer.Score([.. shown.SelectMany(pair => new[] { Text(pair, pair.First), Text(pair, pair.Second) })]);
        foreach (var (i, pair) in shown.Index())
            board.Prefer($"{Name}-{pair.Id}", Name, pair, Answer(scores[2 * i] - scores[2 * i + 1], pair));
    }

    private Answer Answer(double difference, CandidatePair pair)
    {
        if (noise == 0) return difference == 0 ? Labels.Answer.Tie : difference > 0 ? Labels.Answer.First : Labels.Answer.Second;
        var drawn = CounterRandom.Uniform(new RandomKey(seed, 0, (long)(Convert.ToUInt64(pair.Id, 16) >> 1), 0), 0);
        return drawn < 1 / (1 + Math.Exp(-difference / noise)) ? Labels.Answer.First : Labels.Answer.Second;
    }

    private ScoredText Text(CandidatePair pair, string response) => new(pair.Prompt, response, ReplyTokens.Prompt(tokenizer, pair.Prompt), ReplyTokens.Reply(tokenizer, response));
}
