using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Judging;
using Rlhf.Rewards.Models;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Scorers;

/// <summary>Makes the scorer that a recipe describes.</summary>
/// <param name="policy">The tokenizer of the policy whose responses will be scored.</param>
/// <param name="policyFolder">Where that tokenizer was read from.</param>
/// <param name="judgeCache">Keeps a judge's answers where the recipe names no place; null where it has to.</param>
public sealed class ScorerFactory(TextTokenizer policy, string policyFolder, Device device, ScalarType type, string? judgeCache = null)
{
    /// <summary>The weighted sum of the sources.</summary>
    /// <param name="key">The recipe's key of these options, for messages: <c>ppo.score</c>.</param>
    public IScorer Create(ScoreOptions options, string key)
    {
        var terms = Terms(options, key).ToArray();
        if (terms.Length == 0) throw new RlhfException($"{key}: names no source of scores; expected at least one, such as {key}.reward_model.path=runs/demo/reward/final");
        return terms is [{ Weight: 1 } only] ? only.Scorer : new WeightedScorer(terms);
    }

    private IEnumerable<WeightedTerm> Terms(ScoreOptions options, string key)
    {
        if (options.RewardModel is { } model) yield return new(RewardModel(model), model.Weight);
        if (options.Length is { } length) yield return new(new LengthScorer(length), length.Weight);
        if (options.Repetition is { } repetition) yield return new(new RepetitionScorer(repetition), repetition.Weight);
        if (options.Regex is { } regex) yield return new(new RegexScorer(regex), regex.Weight);
        if (options.Words is { } words) yield return new(new WordsScorer(words), words.Weight);
        if (options.Number is { } number) yield return new(new NumberScorer(number), number.Weight);
        if (options.Match is { } match) yield return new(new MatchScorer(match), match.Weight);
        if (options.Json is { } json) yield return new(new JsonScorer(json), json.Weight);
        if (options.Command is { } command) yield return new(new CommandScorer(command), command.Weight);
        if (options.Judge is { } judge) yield return new(new JudgeScorer(judge, JudgeCache(judge, key), $"{key}.judge"), judge.Weight);
        if (options.World is { } world) yield return new(new WorldScorer(), world.Weight);
    }

    private string JudgeCache(JudgeSource judge, string key) => judge.Cache ?? System.IO.Path.Combine(
        judgeCache ?? throw new RlhfException($"{key}.judge.cache: found nothing; expected a folder for the judge's answers, so that nothing is asked twice"), "judge");

    private IScorer RewardModel(RewardModelSource source)
    {
        var ensemble = RewardFolder.Load(source.Path, device, type);
        return HasPolicysTokens(source.Path)
            ? new RewardModelScorer(ensemble, policy.PadOrEos)
            : new ForeignRewardModelScorer(ensemble, TextTokenizer.Load(RewardFolder.TokenizerFolder(source.Path)), PolicyEnds());
    }

    private HashSet<int> PolicyEnds()
    {
        var ends = ModelFolder.ReadConfig(policyFolder).EndTokens.ToHashSet();
        if (policy.Eos is { } eos) ends.Add(eos);
        return ends;
    }

    /// <summary>Whether a reward model reads the policy's tokens: it has the same tokenizer, or none of its own.</summary>
    /// <param name="rewardFolder">the reward model's</param>
    public bool HasPolicysTokens(string rewardFolder) =>
        RewardFolder.TokenizerFolder(rewardFolder) is var folder && (!HasTokenizer(folder) || SameTokenizer(folder));

    private static bool HasTokenizer(string folder) =>
        File.Exists(Path.Combine(folder, "tokenizer.json")) || File.Exists(Path.Combine(folder, "vocab.json"));

    /// <summary>Whether both folders hold the same tokenizer: the same file, or the same token for every id.</summary>
    private bool SameTokenizer(string folder)
    {
        var (own, other) = (Path.Combine(policyFolder, "tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
        if (File.Exists(own) && File.Exists(other) && File.ReadAllBytes(own).AsSpan().SequenceEqual(File.ReadAllBytes(other))) return true;
        return TextTokenizer.Load(folder).HasSameTokens(policy);
    }
}
