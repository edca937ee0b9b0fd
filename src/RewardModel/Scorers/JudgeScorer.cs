using Rlhf.Rewards.Judging;

namespace Rlhf.Rewards.Scorers;

/// <summary>
/// Scores by a language model that judges, from 0 to 1. Every question is asked once and its answer kept on disk. An answer that
/// stays unreadable is the worst rating: a policy must not gain by confusing its judge.
/// </summary>
public sealed class JudgeScorer(JudgeSource judge, string cacheFolder, string name) : IScorer, IMeasured, IDisposable
{
    private const double TokensPriced = 1e6;

    private readonly JudgeClient _client = new(judge, name);
    private readonly AnswerCache _cache = new(cacheFolder);
    private long _asked, _unreadable, _compared, _contradicted;

    public string Name => "judge";

    /// <summary>Of the questions of this process; tokens and cost are those of all answers that are kept.</summary>
    public IReadOnlyDictionary<string, double> Measures
    {
        get
        {
            var (input, output) = _cache.Tokens;
            var measures = new Dictionary<string, double>
            {
                ["judge_requests"] = _client.Requests,
                ["judge_retries"] = _client.Retries,
                ["judge_unreadable"] = _asked == 0 ? 0 : (double)_unreadable / _asked,
                ["judge_tokens"] = input + output,
                ["judge_cost"] = (input * judge.InputPrice + output * judge.OutputPrice) / TokensPriced,
            };
            if (judge.Against is not null) measures["judge_contradictions"] = _compared == 0 ? 0 : (double)_contradicted / _compared;
            return measures;
        }
    }

    public double[] Score(IReadOnlyList<ScoredText> items)
    {
        var questions = items.Select(Questions).ToArray();
        var answers = Task.Run(() => Answers([.. questions.SelectMany(asked => asked).Distinct()])).GetAwaiter().GetResult();
        return [.. questions.Select(asked => judge.Against is null ? Rating(answers[asked[0]]) : Comparison(answers[asked[0]], answers[asked[1]]))];
    }

    public void Dispose()
    {
        _client.Dispose();
        _cache.Dispose();
    }

    private Question[] Questions(ScoredText item) => judge.Against is not { } column
        ? [Verdicts.Rating(judge, item.Prompt, item.Response)]
        : [Verdicts.Comparison(judge, item.Prompt, item.Response, item.Fact(column)), Verdicts.Comparison(judge, item.Prompt, item.Fact(column), item.Response)];

    /// <summary>Each question's answer, so many at a time; the first that fails for good ends the others.</summary>
    private async Task<Dictionary<Question, double?>> Answers(Question[] questions)
    {
        var answers = new double?[questions.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = judge.Concurrency };
        await Parallel.ForAsync(0, questions.Length, options, async (i, stop) => answers[i] = await Answer(questions[i], stop).ConfigureAwait(false)).ConfigureAwait(false);
        return questions.Zip(answers).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    private async Task<double?> Answer(Question question, CancellationToken stop)
    {
        var key = question.KeyFor(judge);
        if (_cache.Find(key) is { } known) return Read(known);
        Interlocked.Increment(ref _asked);
        var answer = await _client.Ask(question, key, stop).ConfigureAwait(false);
        if (Read(answer) is null)
        {
            // Once more, with what was wrong; two answers that say nothing are one.
            var again = question with { User = $"{question.User} (the answer '{answer.Text.Trim()}' cannot be read; answer as asked)" };
            var second = await _client.Ask(again, key, stop).ConfigureAwait(false);
            answer = new Answer(second.Text, answer.InputTokens + second.InputTokens, answer.OutputTokens + second.OutputTokens);
            if (Read(answer) is null) Interlocked.Increment(ref _unreadable);
        }

        _cache.Add(key, answer);
        return Read(answer);
    }

    private double? Read(Answer answer) => judge.Against is null ? Verdicts.ReadRating(judge, answer.Text) : Verdicts.ReadComparison(answer.Text);

    private static double Rating(double? rating) => rating ?? 0;

    /// <summary>The mean of both orders; the second has the response behind.</summary>
    private double Comparison(double? first, double? second)
    {
        Interlocked.Increment(ref _compared);
        if (first is not { } ahead || second is not { } behind) return 0;
        if (ahead == behind && ahead != 0.5) Interlocked.Increment(ref _contradicted);
        return (ahead + 1 - behind) / 2;
    }
}
