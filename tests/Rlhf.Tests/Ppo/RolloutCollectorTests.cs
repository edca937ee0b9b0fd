using Rlhf.Maths;
using Rlhf.Policies.Generation;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

public sealed class RolloutCollectorTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Collect_WithAndWithoutStatesFromDrawing_FindsWhatPassesFind(long step)
    {
        using var world = new TinyWorld();
        using var scope = NewDisposeScope();
        var recipe = TinyWorld.Recipe with { SamplesPerPrompt = 2, MicroBatchTokens = 40, Sampling = new SamplingOptions { MaxNewTokens = 6, Temperature = 0.8 } };
        var policy = world.Model();
        using var critic = new ValueHead(policy.Config.Width, CPU);
        using (no_grad()) critic.Weight.fill_(0.3);
        var models = new LanguageActorCritic(policy, critic, 0.8, EntropyUse.Ignored, 0, CPU);
        var reference = new Reference(Reference.Frozen(world.Model(seed: 2)), recipe.Reference);
        var sources = new RolloutSources { Scorer = new CountingScorer(), Decode = _ => "", Seed = 3, Device = CPU };
        var generator = new TextGenerator(policy, world.Tokenizer.Eos, 0) { BatchSize = 3 };
        var rollout = new RolloutCollector(recipe, models, reference, generator, new PromptStream(world.Prompts, 6, 1), sources, new RunningMoments(), new PhaseClock(CPU)).Collect(step);

        Assert.Contains(rollout.Episodes, episode => episode.Ended);
        Assert.Contains(rollout.Episodes, episode => !episode.Ended);
        Same(rollout.LogProbs, rollout.DrawnLogProbs!);
        var expected = Likelihoods.Of(Likelihoods.Judge(rollout.Episodes, models, reference, 10000), rollout.Layout);
        Same(expected.LogProbs, rollout.LogProbs);
        Same(expected.ReferenceLogProbs, rollout.ReferenceLogProbs!);
        Same(expected.ExactKl, rollout.ExactKl!);
        Same(expected.Entropy, rollout.Entropy);
        Close(expected.Values!, rollout.Values!);
    }

    // Kernels sum the same numbers in the same order, whoever asks; the critic's head is a product of libtorch's.
    private static void Same(Tensor expected, Tensor found) => Assert.Equal(expected.data<float>().ToArray(), found.data<float>().ToArray());

    private static void Close(Tensor expected, Tensor found) => Assert.InRange((expected - found).abs().max().item<float>(), 0, 1e-5);
}
