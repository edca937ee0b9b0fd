using Rlhf.Cli.Curves;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Evaluation.Study;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Cli.Study;

/// <summary>The reference's responses to one prompt, and their gold scores.</summary>
internal sealed record PoolSamples(int[][] Tokens, double[] Gold);

/// <summary>What each member of a kind of reward model says to the responses to one prompt: [member][sample].</summary>
internal sealed record PoolScores(float[][] Members);

/// <summary>A pool of responses that every best-of-n chooses from: drawn once, judged by gold once, scored once by every reward model.</summary>
/// <param name="Samples">prompt by prompt</param>
/// <param name="Scores">of each kind of reward model, prompt by prompt</param>
internal sealed record SamplePool(IReadOnlyList<PoolSamples> Samples, IReadOnlyDictionary<StudyTarget, IReadOnlyList<PoolScores>> Scores)
{
    /// <summary>Keeps the pool's random numbers apart from those of training steps and of curves.</summary>
    private const long Step = -2;

    private const int BatchSize = 256;

    /// <summary>Takes what is there and computes the rest.</summary>
    public static SamplePool Fill(Recipe recipe, StudyPlan plan, string reference, CommandContext context)
    {
        var machine = Machine.Of(recipe, context);
        var tokenizer = TextTokenizer.Load(reference);
        var prompts = PromptFile.Read(recipe.Curve!.Prompts, "curve.prompts", recipe.Ppo!, tokenizer, context, recipe.Gold);
        if (recipe.Curve.MaxPrompts > 0) prompts = [.. prompts.Take(recipe.Curve.MaxPrompts)];
        var sampling = recipe.Ppo!.Sampling;
        var key = string.Join('\n', "2", recipe.Study!.BestOf, recipe.Curve.Seed, recipe.Dtype, RecipeWriter.Write(sampling), RecipeWriter.Write(recipe.Gold!), PolicyCheckpoint.IdentityOf(reference), string.Join('\0', prompts.Select(prompt => $"{prompt.Index} {prompt.Text}")));

        using var drawn = PromptCache<PoolSamples>.Open(plan.Pool, "samples", key, context.Stop);
        if (prompts.Any(prompt => drawn.Find(prompt.Index) is null)) Draw(recipe, prompts, drawn, tokenizer, reference, machine, context);
        PoolSamples[] samples = [.. prompts.Select(prompt => drawn.Find(prompt.Index)!)];

        var scores = new Dictionary<StudyTarget, IReadOnlyList<PoolScores>>();
        foreach (var kind in plan.Kinds)
        {
            using var found = PromptCache<PoolScores>.Open(plan.Pool, StudyPlan.Name(kind), key + PolicyCheckpoint.IdentityOf(plan.RewardModels(kind)), context.Stop);
            if (prompts.Any(prompt => found.Find(prompt.Index) is null)) Score(plan.RewardModels(kind), StudyPlan.Name(kind), prompts, samples, found, tokenizer, machine, context);
            scores[kind] = [.. prompts.Select(prompt => found.Find(prompt.Index)!)];
        }

        return new SamplePool(samples, scores);
    }

    private static void Draw(Recipe recipe, Prompt[] prompts, PromptCache<PoolSamples> drawn, TextTokenizer tokenizer, string reference, Machine machine, CommandContext context)
    {
        using var model = ModelFolder.Load(reference, machine.Device, machine.Type);
        var generator = new TextGenerator(model, tokenizer.Eos, tokenizer.PadOrEos, tokenizer) { BatchSize = BatchSize };
        var gold = new ScorerFactory(tokenizer, reference, machine.Device, machine.Type, recipe.Folder).Create(recipe.Gold!, "gold");
        var count = recipe.Study!.BestOf;
        Each("study: samples for best-of-n", prompts, context, (prompt, _) =>
        {
            if (drawn.Find(prompt.Index) is not null) return;
            var responses = generator.Generate([.. Enumerable.Repeat(prompt.Tokens, count)], recipe.Ppo!.Sampling, [.. Enumerable.Range(0, count).Select(i => new RandomKey((ulong)recipe.Curve!.Seed, Step, prompt.Index, i))]);
            drawn.Add(prompt.Index, new PoolSamples([.. responses.Select(response => response.Tokens)], gold.Score([.. responses.Select(response => new ScoredText(prompt.Text, response.Text!, prompt.Tokens, response.Tokens) { Facts = prompt.Facts })])));
        });
    }

    private static void Score(string folder, string name, Prompt[] prompts, PoolSamples[] samples, PromptCache<PoolScores> found, TextTokenizer tokenizer, Machine machine, CommandContext context)
    {
        using var ensemble = RewardFolder.Load(folder, machine.Device, machine.Type);
        Rewards.Models.ScoreScale[] scales = [.. ensemble.Models.SelectMany(model => model.Scales)];
        Each($"study: scores by {name}", prompts, context, (prompt, place) =>
        {
            if (found.Find(prompt.Index) is not null) return;
            var said = ensemble.Score([.. samples[place].Tokens.Select(tokens => (int[])[.. prompt.Tokens, .. tokens])], tokenizer.PadOrEos);
            found.Add(prompt.Index, new PoolScores([.. scales.Select((scale, member) => (float[])[.. said.Select(one => (float)scale.Apply(one.Logits[member]))])]));
        });
    }

    private static void Each(string title, Prompt[] prompts, CommandContext context, Action<Prompt, int> work)
    {
        context.Progress.Begin(title, prompts.Length, 0);
        foreach (var (place, prompt) in prompts.Index())
        {
            if (context.Stop.IsCancellationRequested) throw new InterruptedException($"stopped in {title}; run the same command again to go on");
            work(prompt, place);
            context.Progress.Advance(place + 1, new Dictionary<string, double>());
        }

        context.Progress.End();
    }
}
