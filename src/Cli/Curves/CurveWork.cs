using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Cli.Curves;

/// <summary>Evaluates the reference and every checkpoint on the same prompts, taking from the cache what is there.</summary>
internal sealed class CurveWork(CurveInputs inputs, Recipe recipe, Machine machine, CommandContext context)
{
    /// <summary>Prompts of one part: what an interruption can lose.</summary>
    private const int PartSize = 256;

    private readonly string _identity = inputs.Identity(recipe.Dtype);
    private long _total, _done;
    private bool _begun;

    public (Curve Curve, IReadOnlyList<EvaluatedSample> Samples) Run()
    {
        var section = inputs.Section;
        var tokenizer = TextTokenizer.Load(inputs.Reference);
        var all = PromptFile.Read(inputs.Prompts, "curve.prompts", inputs.Reading, tokenizer, context, inputs.Proxy, inputs.Gold);
        Prompt[] prompts = section.MaxPrompts > 0 ? [.. all.Take(section.MaxPrompts)] : all;
        PolicyCheckpoint[] policies = [.. inputs.Runs.SelectMany(run => run.Policies())];
        using var reference = ModelFolder.Load(inputs.Reference, machine.Device, machine.Type);
        var scorers = new ScorerFactory(tokenizer, inputs.Reference, machine.Device, machine.Type, recipe.Folder);
        var evaluator = new PolicyEvaluator
        {
            Reference = reference,
            Tokenizer = tokenizer,
            Proxy = scorers.Create(inputs.Proxy, "curve.proxy"),
            Gold = inputs.Gold is { } gold ? scorers.Create(gold, "gold") : null,
            Sampling = inputs.Sampling,
            Seed = (ulong)section.Seed,
            BatchSize = section.BatchSize,
            MicroBatchTokens = section.MicroBatchTokens,
        };

        var ofReference = Math.Max(section.Samples, section.BestOf);
        _total = (long)prompts.Length * (ofReference + (long)policies.Length * section.Samples);
        var baseline = new EvaluatedPrompts(Evaluate(evaluator, "reference", PolicyCheckpoint.IdentityOf(inputs.Reference), () => new Borrowed(reference), prompts, ofReference));
        var evaluated = policies.Select(policy => new EvaluatedPolicy(policy.Run, policy.Algorithm, (int)policy.Step, policy.Episodes, policy.Folder, new EvaluatedPrompts(
            Evaluate(evaluator, $"{policy.Run} step {policy.Step}", policy.Identity, () => new Borrowed(Fitting(policy, reference), Owned: true), prompts, section.Samples)))).ToArray();
        if (_begun) context.Progress.End();

        var curve = CurveBuilder.Build(baseline, evaluated, new BootstrapOptions()) with { ProxyName = evaluator.Proxy.Name, GoldName = evaluator.Gold?.Name };
        return (curve, [.. evaluated.SelectMany(policy => EvaluatedSample.Of(policy, baseline, section.Shown))]);
    }

    private List<EvaluatedEpisode> Evaluate(PolicyEvaluator evaluator, string name, string weights, Func<Borrowed> load, Prompt[] prompts, int samples)
    {
        using var cache = machine.Job.Rank == 0 ? EpisodeCache.Open(inputs.Cache, $"{_identity}\n{weights}", context.Stop) : null;
        var episodes = new List<EvaluatedEpisode>(prompts.Length * samples);
        Borrowed? policy = null;
        try
        {
            for (var sample = 0; sample < samples; sample++)
                foreach (var part in prompts.Chunk(PartSize))
                {
                    // Rank 0 has the cache; all ranks go on with what it says.
                    if (machine.Job.GatherValues(cache?.Find(part, sample))[0] is not { } found)
                    {
                        if (machine.Job.Any(context.Stop.IsCancellationRequested)) throw new InterruptedException($"the evaluation in {inputs.Folder} was stopped; run the same command again to go on") { IsShared = true };
                        Begin();
                        policy ??= load();
                        found = Shared(part, mine => evaluator.Evaluate(policy.Model, mine, sample));
                        cache?.Add(part, sample, found);
                    }

                    episodes.AddRange(found);
                    _done += part.Length;
                    if (_begun) context.Progress.Advance(_done, new Dictionary<string, double> { ["proxy"] = episodes.Average(e => e.Proxy), ["kl"] = episodes.Average(e => e.ExactKl) });
                }
        }
        catch (RlhfException error)
        {
            throw new RlhfException($"{name}: {error.Message}", error);
        }
        finally
        {
            policy?.Dispose();
        }

        return episodes;
    }

    /// <summary>Every rank evaluates its part of the prompts; all of them have the whole then.</summary>
    private EvaluatedEpisode[] Shared(Prompt[] prompts, Func<Prompt[], EvaluatedEpisode[]> evaluate)
    {
        Prompt[] mine = [.. machine.Job.PartOf(prompts)];
        return [.. machine.Job.GatherValues(mine.Length == 0 ? [] : evaluate(mine)).SelectMany(part => part)];
    }

    // Where everything is there already, there is no progress to show.
    private void Begin()
    {
        if (_begun) return;
        context.Progress.Begin(StageNames.Curve, _total, _done);
        _begun = true;
    }

    private CausalLm Fitting(PolicyCheckpoint policy, CausalLm reference)
    {
        var model = policy.Load(machine.Device, machine.Type);
        if (model.Config.Vocabulary == reference.Config.Vocabulary) return model;
        var found = model.Config.Vocabulary;
        model.Dispose();
        throw new RlhfException($"{policy.Folder} has a vocabulary of {found} tokens and {inputs.Reference} one of {reference.Config.Vocabulary}: their KL is undefined");
    }

    /// <summary>The model under evaluation; the reference is not let go of after its turn.</summary>
    private sealed record Borrowed(CausalLm Model, bool Owned = false) : IDisposable
    {
        public void Dispose()
        {
            if (Owned) Model.Dispose();
        }
    }
}
