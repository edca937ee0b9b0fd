using Rlhf.Cli.Labels;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Cli.Rounds;

/// <summary>
/// Round after round: pairs of the present policy, labels, the reward model of all labels so far, PPO from the present
/// policy near the first one, the curve. What a round has done already is passed over.
/// </summary>
/// <param name="run">Runs a stage of a recipe.</param>
/// <param name="askPeople">Has people answer all of a board.</param>
internal sealed class RoundRunner(Recipe recipe, CommandContext context, Action<Recipe, string> run, Action<LabelBoard> askPeople)
{
    private static readonly string[] s_stages = [StageNames.Reward, StageNames.Ppo, StageNames.Curve];

    private readonly RoundsRecipe _rounds = recipe.Rounds!;

    /// <summary>The policy of the first round, which later ones are held near.</summary>
    private string Start => recipe.Ppo!.Model.Length > 0 ? recipe.Ppo.Model : Stage.Final(recipe, StageNames.Sft);

    public static string Folder(Recipe recipe, int round) => Path.Combine(recipe.Folder, $"round-{round}");

    /// <summary>Does what is left of all rounds.</summary>
    /// <param name="done">Is told the results so far, after each.</param>
    public void Run(Action<IReadOnlyList<RoundResult>> done)
    {
        var results = new List<RoundResult>();
        for (var round = 1; round <= _rounds.Count; round++)
        {
            if (context.Stop.IsCancellationRequested) throw new InterruptedException($"stopped before round {round}; run the same command again to go on");
            context.Progress.Note($"round {round} of {_rounds.Count}");
            var folder = Directory.CreateDirectory(Folder(recipe, round)).FullName;
            var policy = round == 1 ? Start : Path.Combine(Folder(recipe, round - 1), StageNames.Ppo, "final");
            Label(Pairs(folder, policy, round), folder, policy);
            var data = Path.Combine(Folder(recipe, round), "data.jsonl");
            var labels = LabelledPairs.Write(data, Enumerable.Range(1, round).SelectMany(one => LabelBook.Of(LabelFile.Read(Labels(Folder(recipe, one)))).Standing));
            foreach (var stage in s_stages) run(Of(round, data, policy), stage);
            results.Add(RoundResult.Read(round, labels, folder));
            done(results);
        }
    }

    private static string Labels(string folder) => Path.Combine(folder, "labels.jsonl");

    private IReadOnlyList<CandidatePair> Pairs(string folder, string policy, int round)
    {
        var path = Path.Combine(folder, "pairs.jsonl");
        if (!File.Exists(path))
            PairFile.Write(path, PairDrawer.Draw(new DrawOptions
            {
                Policy = policy,
                Prompts = _rounds.Prompts.Length > 0 ? _rounds.Prompts : recipe.Ppo!.Prompts,
                Count = _rounds.Pairs,
                Skip = (round - 1) * _rounds.Pairs,
                Sampling = recipe.Ppo!.Sampling,
                Columns = recipe.Ppo.Columns,
                ChatTemplate = recipe.Ppo.ChatTemplate,
                Seed = recipe.Seed,
                Device = recipe.Device,
            }, context));
        return PairFile.Read(path, context.Progress.Warn);
    }

    private void Label(IReadOnlyList<CandidatePair> pairs, string folder, string policy)
    {
        using var board = new LabelBoard(LabelFile.Open(Labels(folder), context.Progress.Warn), pairs, 0, TimeProvider.System);
        if (board.Unanswered().Length == 0) return;
        if (_rounds.Labeller is not { } labeller)
        {
            askPeople(board);
            return;
        }

        var tokenizer = TextTokenizer.Load(policy);
        var scorer = new ScorerFactory(tokenizer, policy, Machine.Open(recipe.Device), TorchSharp.torch.ScalarType.Float32, recipe.Folder).Create(labeller, "rounds.labeller");
        new ScoreLabeller(scorer, tokenizer, _rounds.Noise, (ulong)recipe.Seed).Label(board);
        context.Progress.Note($"{board.Standing().Length} pairs labelled by {scorer.Name}");
    }

    /// <summary>The recipe of a round's stages.</summary>
    private Recipe Of(int round, string data, string policy)
    {
        var reward = recipe.Reward!;
        return recipe with
        {
            Out = Folder(recipe, round),
            Rounds = null,
            Tokenizer = null,
            Sft = null,
            Reward = reward with
            {
                Data = data,
                Model = reward.Model.Length > 0 ? reward.Model : Start,
                Normalization = reward.Normalization.Policy.Length > 0 ? reward.Normalization : reward.Normalization with { Policy = Start },
            },
            Ppo = recipe.Ppo! with { Model = policy, Reference = recipe.Ppo.Reference with { Model = recipe.Ppo.Reference.Model ?? Start } },
            Curve = recipe.Curve! with { Reference = recipe.Curve.Reference.Length > 0 ? recipe.Curve.Reference : Start },
        };
    }
}
