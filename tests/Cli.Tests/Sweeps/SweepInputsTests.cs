using System.Text.Json;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Evaluation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Rewards.Models;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Sweeps;

/// <summary>A sweep that is run again: its point that is done is held to the recipe and to the files and models it was made from.</summary>
public sealed class SweepInputsTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public SweepInputsTests()
    {
        using (var model = _world.Model()) ModelFolder.Save(model, _world.Folder("model"), new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        using (var ensemble = new RewardEnsemble([RewardModel.Create(_world.Model(3).Trunk, 1, 3), RewardModel.Create(_world.Model(4).Trunk, 1, 4)], new EnsembleOptions())) RewardFolder.Save(ensemble, _world.Folder("judge"), _world.TokenizerFolder);
        foreach (var name in new[] { "prompts.jsonl", "asked.jsonl" }) File.WriteAllLines(_world.Folder(name), _world.Prompts.Select(prompt => JsonSerializer.Serialize(new { prompt = prompt.Text })));
        File.WriteAllText(_world.Folder("recipe.yaml"), $$$"""
            out: {{{_world.Folder("run")}}}
            device: cpu
            ppo:
              model: {{{_world.Folder("model")}}}
              prompts: {{{_world.Folder("prompts.jsonl")}}}
              score: {reward_model: {path: {{{_world.Folder("judge")}}}}}
              steps: 1
              episodes: 4
              epochs: 1
              critic: {kind: value_head}
              sampling: {max_new_tokens: 4}
            curve: {prompts: {{{_world.Folder("asked.jsonl")}}}, samples: 1, best_of: 1}
            sweep: {grid: {seed: [1]}, shared: []}
            """);
        Sweep();
    }

    private string Sweeps => Path.Combine(_world.Folder("run"), "sweep");

    private string Advice => $"; delete the folders of such points in {Sweeps} to run them again, start the whole sweep over with resume=never, or choose another folder with out=…";

    private string[] Calls => [.. File.ReadAllLines(At("log.txt")).Where(line => line.StartsWith('$')).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).First(word => word is "ppo" or "curve"))];

    private Curve Curve => CurveJson.Read(At("curve", "curve.json"));

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Sweep_AnyInputOfADonePointChanged_IsRefusedByName()
    {
        foreach (var input in new[] { "prompts.jsonl", "model", "judge", "judge/member-2" }.Select(_world.Folder))
        {
            var file = Directory.Exists(input) ? Path.Combine(input, "note") : input;
            var before = File.Exists(file) ? File.ReadAllBytes(file) : null;
            File.AppendAllText(file, "\n");
            var changed = Ending("sweep.grid={seed: [2, 1]}");
            if (before is null) File.Delete(file);
            else File.WriteAllBytes(file, before);

            Assert.Equal((1, $"rlhf sweep: {At("ppo")} was made from {input}, which has changed since{Advice}\n"), (changed.Code, changed.Error));
        }

        Assert.False(Directory.Exists(Path.Combine(Sweeps, "seed=2")));
        Sweep();
        Assert.Equal(["ppo", "curve"], Calls);
    }

    [Fact]
    public void Sweep_RecipeOfADonePointChanged_IsRefusedByKey()
    {
        var changed = Ending("ppo.kl.coefficient=0.5");
        Assert.Equal(1, changed.Code);
        Assert.Contains($"{At("ppo")} holds a run of another recipe (ppo.kl.coefficient: null → 0.5){Advice}", changed.Error, StringComparison.Ordinal);

        Sweep("save_every=7", "ppo.micro_batch_tokens=64", "curve.batch_size=5");
        Assert.Equal(["ppo", "curve"], Calls);
    }

    [Fact]
    public void Sweep_OnlyTheEvaluationOfADonePointChanged_IsEvaluatedAnew()
    {
        Sweep("curve.best_of=2");
        Assert.Equal(2, Curve.SamplesPerPrompt);
        File.AppendAllText(_world.Folder("asked.jsonl"), "{\"prompt\": \"one more\"}\n");
        Sweep("curve.best_of=2");
        Assert.Equal(_world.Prompts.Count + 1, Curve.Prompts);
        var trained = InProcess.Run("ppo", Path.Combine(Sweeps, "base.yaml"), "seed=1", "name=seed=1", $"out={At()}", "resume=never");
        Assert.True(trained.Code == 0, trained.Error);
        Sweep("curve.best_of=2");

        Sweep("curve.best_of=2");
        Assert.Equal(["ppo", "curve", "curve", "curve", "curve"], Calls);
    }

    [Fact]
    public void Sweep_ModelsOfADonePointWereCleared_KeepsItsEvaluation()
    {
        foreach (var folder in Directory.GetDirectories(At("ppo"))) Directory.Delete(folder, recursive: true);

        var ending = Ending();

        Assert.Equal(0, ending.Code);
        Assert.Contains($"{At("curve")} stays as it is", ending.Error, StringComparison.Ordinal);
        Assert.Equal(["ppo", "curve"], Calls);
    }

    [Fact]
    public void Sweep_ResumeNever_RunsADonePointAgain()
    {
        Sweep("resume=never");
        Assert.Equal(["ppo", "curve", "ppo", "curve"], Calls);
        Assert.All(["ppo.old-1", "curve.old-1"], name => Assert.True(Directory.Exists(At(name)), name));
    }

    private string At(params string[] parts) => Path.Combine([Sweeps, "seed=1", .. parts]);

    private void Sweep(params string[] words)
    {
        var ending = Ending(words);
        Assert.True(ending.Code == 0, ending.Error);
    }

    private ProgramProcess.Ending Ending(params string[] words) => ProgramProcess.Run(_world.Folder("."), ["sweep", _world.Folder("recipe.yaml"), .. words]);
}
