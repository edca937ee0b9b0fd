using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Ppo;

namespace Rlhf.Tests.Ppo;

/// <summary>No knob that nothing reads: changing a key changes what a short run leaves behind.</summary>
public sealed class PpoKeysTests : IDisposable
{
    private const string Base = "steps: 2, episodes: 8, epochs: 2, minibatches: 2, samples_per_prompt: 2, sampling: {max_new_tokens: 6}, sample_every: 1";

    private readonly TinyWorld _world = new();
    private int _runs;

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("algorithm=grpo")]
    [InlineData("algorithm=rloo")]
    [InlineData("algorithm=reinforce++")]
    [InlineData("algorithm=dr_grpo")]
    [InlineData("algorithm=gspo")]
    [InlineData("algorithm=cispo")]
    [InlineData("advantage=group")]
    [InlineData("advantage=group_mean")]
    [InlineData("advantage=leave_one_out")]
    [InlineData("advantage=rewards_to_go")]
    [InlineData("steps=3")]
    [InlineData("episodes=4")]
    [InlineData("samples_per_prompt=4")]
    [InlineData("epochs=1")]
    [InlineData("minibatches=1")]
    [InlineData("objective=kl_penalty")]
    [InlineData("objective=policy_gradient", "epochs=1")]
    [InlineData("objective=sequence_clip")]
    [InlineData("objective=clipped_weight")]
    [InlineData("clip=0.01")]
    [InlineData("clip=0.01", "objective=sequence_clip")]
    [InlineData("clip=0.01", "objective=clipped_weight")]
    [InlineData("clip_high=0.01", "objective=sequence_clip")]
    [InlineData("clip_high=0.01", "objective=clipped_weight")]
    [InlineData("clip_high=0.01")]
    [InlineData("dual_clip=1.01")]
    [InlineData("penalty_target=10", "objective=kl_penalty")]
    [InlineData("loss_averaging=sequence")]
    [InlineData("loss_averaging=constant")]
    [InlineData("gamma=0.5")]
    [InlineData("lambda=0.1")]
    [InlineData("whiten_advantages=false")]
    [InlineData("whiten_rewards=true")]
    [InlineData("bootstrap_truncated=true")]
    [InlineData("score_scaling=running_std")]
    [InlineData("score_scaling=running_mean_std")]
    [InlineData("score_clip=0.5")]
    [InlineData("missing_eos=subtract")]
    [InlineData("missing_eos=replace")]
    [InlineData("missing_eos_amount=3", "missing_eos=subtract")]
    [InlineData("over_long.window=4")]
    [InlineData("over_long.amount=3", "over_long.window=4")]
    [InlineData("success_threshold=3")]
    [InlineData("entropy_coefficient=0.1")]
    [InlineData("entropy_coefficient_end=0.1")]
    [InlineData("entropy_target=9")]
    [InlineData("entropy_gain=0.1", "entropy_target=9")]
    [InlineData("target_kl=1e-6")]
    [InlineData("max_ratio=0.5")]
    [InlineData("sample_every=0")]
    [InlineData("samples=1")]
    [InlineData("sampling.max_new_tokens=5")]
    [InlineData("sampling.temperature=0.7")]
    [InlineData("optimizer.learning_rate=1e-4")]
    [InlineData("lora.rank=2")]
    [InlineData("lora.alpha=4", "lora.rank=2")]
    [InlineData("lora.targets=[c_fc]", "lora.rank=2")]
    [InlineData("kl.coefficient=1")]
    [InlineData("kl.control=fixed", "kl.horizon=10")]
    [InlineData("kl.target=0.001", "kl.horizon=10", "steps=3")]
    [InlineData("kl.horizon=9")]
    [InlineData("kl.estimator=k2")]
    [InlineData("kl.estimator=k3")]
    [InlineData("kl.placement=loss")]
    [InlineData("kl.estimator=k2", "kl.placement=loss")]
    [InlineData("critic.kind=policy")]
    [InlineData("critic.coefficient=1")]
    [InlineData("critic.clip=0.01", "critic.optimizer.learning_rate=1")]
    [InlineData("critic.warmup_steps=1")]
    [InlineData("critic.optimizer.learning_rate=1e-4")]
    [InlineData("reference.ema=0.5")]
    [InlineData("reference.reset_every=1")]
    public void Run_WithAnotherValue_LeavesOtherResults(string key, params string[] given) =>
        Assert.NotEqual(Results(given), Results([.. given, key]));

    [Fact]
    public void Run_Again_LeavesTheSameResults() => Assert.Equal(Results([]), Results([]));

    [Theory]
    [InlineData("critic.kind=policy")]
    [InlineData("lora.rank=2")]
    public void Run_GradientCheckpointing_LeavesTheSameResults(string given) =>
        Assert.Equal(Results([given]), Results([given, "gradient_checkpointing=true"]));

    [Theory]
    [InlineData("target_kl=1e9")]
    [InlineData("max_ratio=1e9")]
    public void Run_LimitThatNothingReaches_LeavesTheResultsOfNone(string limit) =>
        Assert.Equal(Results(["max_ratio=0"]), Results(["max_ratio=0", limit]));

    [Fact]
    public void StateOf_GradientCheckpointing_IsThePolicysAndTheCritics()
    {
        var state = PpoAssembly.StateOf(_world.Inputs(TinyWorld.Recipe with { GradientCheckpointing = true, Critic = new CriticRecipe { Kind = CriticKind.Policy } }));
        Assert.True(state.Policy.Trunk.GradientCheckpointing);
        Assert.True(((SeparateCritic)state.Critic!).Trunk.GradientCheckpointing);
    }

    [Fact]
    public void Run_OtherMicroBatches_LeavesTheSameMetricsToFivePlaces()
    {
        // micro_batch_tokens must not change what is learnt, only how much is in memory.
        var (whole, parts) = (Numbers(Results([])), Numbers(Results(["micro_batch_tokens=24"])));
        Assert.Equal(whole.Length, parts.Length);
        Assert.All(whole.Zip(parts), pair => Assert.Equal(pair.First, pair.Second, 1e-4 + 1e-4 * Math.Abs(pair.First)));
    }

    /// <summary>Metrics, samples and weights, as text.</summary>
    private string Results(string[] overrides)
    {
        var recipe = RecipeBinder.Bind<PpoRecipe>($"{{{Base}}}", "base.yaml", ["optimizer.learning_rate=1e-2", "critic.kind=value_head", "critic.optimizer.learning_rate=1e-2", .. overrides]);
        var name = $"run-{_runs++}";
        using (var run = _world.Open(name, recipe, new RunOptions { SaveEvery = 1 })) PpoAssembly.Build(_world.Inputs(recipe), run).Train(_world.TokenizerFolder);
        var folder = _world.Folder(name);
        var metrics = File.ReadLines(Path.Combine(folder, "metrics.jsonl")).Select(line => line[..line.IndexOf(",\"seconds_", StringComparison.Ordinal)]);
        var weights = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, "final", "model.safetensors"))));
        return string.Join('\n', metrics.Append(Samples(folder)).Append(weights));
    }

    private static string Samples(string folder)
    {
        var file = Path.Combine(folder, "samples.jsonl");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }

    private static double[] Numbers(string results) =>
        [.. results.Split('\n').Where(line => line.StartsWith("{\"step\"", StringComparison.Ordinal) && line.Contains("\"ratio_max\"", StringComparison.Ordinal))
            .SelectMany(line => System.Text.Json.JsonDocument.Parse(line + "}").RootElement.EnumerateObject())
            .Where(pair => pair.Value.ValueKind == System.Text.Json.JsonValueKind.Number).Select(pair => pair.Value.GetDouble())];
}
