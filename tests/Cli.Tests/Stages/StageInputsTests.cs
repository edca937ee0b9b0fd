using Rlhf.Cli.Tests.Whole;
using Rlhf.Policies.Checkpoints;
using Rlhf.Rewards.Models;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Stages;

/// <summary>Every file and folder a stage is made from, at every key it can stand at: a stage goes on only while they are what they were.</summary>
public sealed class StageInputsTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public StageInputsTests()
    {
        foreach (var (name, seed) in new[] { ("model", 1), ("other", 2) })
        {
            using var model = _world.Model(seed);
            ModelFolder.Save(model, _world.Folder(name), new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        }

        foreach (var (name, seed) in new[] { ("judge", 3), ("gold", 4) })
        {
            using var ensemble = new RewardEnsemble([RewardModel.Create(_world.Model(seed).Trunk, 1, seed)], new EnsembleOptions());
            RewardFolder.Save(ensemble, _world.Folder(name), _world.TokenizerFolder);
        }

        foreach (var (name, from) in new[] { ("texts.jsonl", 0), ("more.jsonl", 20) }) Write(name, from, i => $$"""{"prompt": "ask {{i}}?", "completion": " yes"}""");
        foreach (var (name, from) in new[] { ("pairs.jsonl", 0), ("others.jsonl", 20) }) Write(name, from, i => $$"""{"prompt": "ask {{i}}?", "chosen": " yes{{i % 3}}", "rejected": " no"}""");
        Write("prompts.jsonl", 0, i => $$"""{"prompt": "ask {{i}}?"}""");
    }

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("tokenizer", "tokenizer.data=[texts.jsonl,more.jsonl]", "tokenizer.vocabulary_size=260")]
    [InlineData("sft", "sft.model=model sft.tokenizer=tokenizer sft.data=texts.jsonl sft.eval_data=more.jsonl", "sft.sample_every=0")]
    [InlineData("reward", "reward.model=model reward.data=pairs.jsonl reward.eval_data=others.jsonl reward.normalization.policy=other reward.normalization.prompts=prompts.jsonl", "reward.normalization.samples=4 reward.normalization.sampling.max_new_tokens=4")]
    [InlineData("dpo", "dpo.model=model dpo.reference=other dpo.data=pairs.jsonl dpo.eval_data=others.jsonl", "dpo.batch_size=8")]
    [InlineData("ppo", "ppo.model=model ppo.reference.model=other ppo.prompts=prompts.jsonl ppo.score.reward_model.path=judge gold.reward_model.path=gold", "ppo.steps=1 ppo.episodes=4 ppo.epochs=1 ppo.sampling.max_new_tokens=4 ppo.critic.kind=value_head")]
    public void Stage_AnyOfItsInputsChanged_IsRefusedByName(string stage, string inputs, string rest)
    {
        var paths = inputs.Split(' ').SelectMany(word => word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim('[', ']').Split(',')).ToArray();
        var keys = paths.Aggregate(inputs, (text, path) => text.Replace($"={path}", $"={_world.Folder(path)}", StringComparison.Ordinal).Replace($"[{path}", $"[{_world.Folder(path)}", StringComparison.Ordinal).Replace($",{path}", $",{_world.Folder(path)}", StringComparison.Ordinal));
        string[] words = [stage, $"out={_world.Folder("run")}", "device=cpu", .. keys.Split(' '), .. rest.Split(' ')];
        var first = InProcess.Run(words);
        Assert.True(first.Code == 0, first.Error);

        foreach (var path in paths.Select(_world.Folder))
        {
            var undo = Change(path);
            var changed = InProcess.Run(words);
            undo();

            Assert.True(changed.Code == 1, $"{path} was changed, which went unnoticed");
            Assert.Contains($" was made from {path}, which has changed since; start this stage over with resume=never, or choose another folder with out=…", changed.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, InProcess.Run(words).Code);
    }

    [Fact]
    public void Ppo_GoldModelMissing_NamesTheKey()
    {
        var ending = InProcess.Run("ppo", $"out={_world.Folder("run")}", $"ppo.model={_world.Folder("model")}", $"ppo.prompts={_world.Folder("prompts.jsonl")}", $"ppo.score.reward_model.path={_world.Folder("judge")}", "gold.reward_model.path=nowhere", "--dry-run");

        Assert.Equal(1, ending.Code);
        Assert.StartsWith("rlhf ppo: gold.reward_model.path: nowhere: no such folder", ending.Error, StringComparison.Ordinal);
    }

    /// <summary>Adds a file to a folder, or an empty line to a file; what is returned takes it back.</summary>
    private static Action Change(string path)
    {
        if (Directory.Exists(path))
        {
            var note = Path.Combine(path, "note");
            File.WriteAllText(note, "");
            return () => File.Delete(note);
        }

        var before = File.ReadAllBytes(path);
        File.AppendAllText(path, "\n");
        return () => File.WriteAllBytes(path, before);
    }

    private void Write(string name, int from, Func<int, string> row) => File.WriteAllLines(_world.Folder(name), Enumerable.Range(from, 20).Select(row));
}
