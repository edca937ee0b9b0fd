using System.Text;
using System.Text.Json;
using Rlhf.Cli.Stages;
using Rlhf.Evaluation.Study;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Cli.Study;

/// <summary>
/// The pairs that each kind of reward model learns from. A smaller set is part of every larger one, and a pair that is flipped in
/// one is flipped in all of its noise, so that kinds differ by what their names say alone.
/// </summary>
internal sealed class PairSample
{
    private readonly PreferencePair[] _learned, _heldOut;
    private readonly ulong _seed;

    /// <param name="share">of prompts that is held out, by a hash of the prompt</param>
    public PairSample(IReadOnlyList<PreferencePair> pairs, double share, ulong seed)
    {
        var sides = pairs.ToLookup(pair => PromptSplit.IsHeldOut(pair.Prompt, share));
        PreferencePair[] learned = [.. sides[false]];
        (_learned, _heldOut, _seed) = ([.. CounterShuffle.Permutation(learned.Length, seed, 0).Select(i => learned[i])], [.. sides[true]], seed);
    }

    /// <summary>The first pairs of one order, some of them with chosen and rejected exchanged.</summary>
    public IReadOnlyList<PreferencePair> Of(StudyTarget kind)
    {
        if (kind.Pairs > _learned.Length) throw new RlhfException($"study.sizes: found {kind.Pairs}; reward.data has {_learned.Length} pairs beside those that are held out");
        return [.. _learned.Take(kind.Pairs).Select((pair, i) => CounterRandom.Uniform(new RandomKey(_seed, 1, i, 0), 0) < kind.Noise ? Flipped(pair) : pair)];
    }

    /// <summary>Writes the held-out pairs and those of every kind, where they are not there already.</summary>
    public void Write(StudyPlan plan)
    {
        if (_heldOut.Length == 0) throw new RlhfException("reward.eval_share: no pair is held out, by which the reward models would be compared; raise it");
        Directory.CreateDirectory(plan.Rewards.Path);
        Write(plan.HeldOut, _heldOut);
        foreach (var kind in plan.Kinds) Write(plan.Pairs(kind), Of(kind));
    }

    /// <param name="model">Folder of the model that reward models start from.</param>
    public static PairSample Read(Recipe recipe, string model)
    {
        var reward = recipe.Reward!;
        var log = new DefectLog(reward.OnDefect);
        return new PairSample([.. new PreferenceFile(reward.Columns, DialogueForms.Of(reward.ChatTemplate, TextTokenizer.Load(model))).Pairs(reward.Data, log)], reward.EvalShare, (ulong)recipe.Seed);
    }

    private static PreferencePair Flipped(PreferencePair pair) => pair with { Chosen = pair.Rejected, Rejected = pair.Chosen, ChosenScore = pair.RejectedScore, RejectedScore = pair.ChosenScore };

    private static void Write(string path, IReadOnlyList<PreferencePair> pairs)
    {
        var text = new StringBuilder();
        foreach (var pair in pairs)
            text.Append(JsonSerializer.Serialize(new { pair.Prompt, pair.Chosen, pair.Rejected, GoldChosen = pair.ChosenScore, GoldRejected = pair.RejectedScore }, JsonText.Lines)).Append('\n');
        if (!File.Exists(path) || File.ReadAllText(path) != text.ToString()) Durable.WriteText(path, text.ToString());
    }
}
