using Rlhf.Cli.Web.Http;
using Rlhf.Cli.Web.Playing;
using Rlhf.Cli.Web.Watching;
using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Rewards.Models;
using Rlhf.Tests.Ppo;
using TorchSharp;

namespace Rlhf.Cli.Tests.Web;

public sealed class ModelShelfTests : IDisposable
{
    private const int Most = 32;

    private readonly TinyWorld _world = new();
    private readonly string _policy, _reward;
    private readonly ModelShelf _shelf;

    public ModelShelfTests()
    {
        (_policy, _reward) = (_world.Folder("policy"), _world.Folder("reward"));
        using (var model = _world.Model()) ModelFolder.Save(model, _policy, new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        using (var judges = new RewardEnsemble([RewardModel.Create(_world.Model(3).Trunk, 1, 3)], new EnsembleOptions())) RewardFolder.Save(judges, _reward, _world.TokenizerFolder);
        _shelf = new ModelShelf(new ModelPlaces([_policy, _reward], new RunCatalogue([_world.Folder("runs")], TimeProvider.System)), () => torch.CPU, 2);
    }

    public void Dispose()
    {
        _shelf.Dispose();
        _world.Dispose();
    }

    [Fact]
    public async Task Take_MoreRequestsThanTheLimit_RefusesTheSurplusAtOnceAndTheOthersEndWhole()
    {
        using SemaphoreSlim computes = new(0), free = new(0);
        var goOn = new TaskCompletionSource();
        var running = await Take();
        var drawing = Sampled.Draw(_shelf, running.Model, [2], new SamplingOptions { MinNewTokens = 3, MaxNewTokens = 3 }, new RandomKey(1, 0, 0, 0), 0, (_, _) => goOn.Task, CancellationToken.None);
        var busy = Task.Run(() => _shelf.Compute(() =>
        {
            computes.Release();
            free.Wait();
            return true;
        }, CancellationToken.None));
        await computes.WaitAsync();

        Task<ModelShelf.Lease>[] asked = [.. Enumerable.Range(0, Most + 8).Select(_ => Take())];
        var refused = asked.Where(one => one.IsCompleted).ToArray();
        var judge = _shelf.Take(_reward, ModelKind.Reward, CancellationToken.None);
        goOn.SetResult();
        free.Release();

        Assert.Equal(3, (await drawing).Tokens.Count);
        Assert.Equal(9, refused.Length);
        foreach (var one in refused) Assert.Equal(429, (await Assert.ThrowsAsync<RefusedException>(() => one)).Status);
        (await judge).Dispose();
        foreach (var one in asked.Except(refused)) (await one).Dispose();
        running.Dispose();
        await busy;
    }

    [Fact]
    public async Task Take_WhatWasTakenEndedOrCouldNotBeRead_LeavesRoomForTheNext()
    {
        for (var i = 0; i <= Most; i++) (await Take()).Dispose();
        File.WriteAllText(Path.Combine(_policy, "config.json"), "{}");
        File.SetLastWriteTimeUtc(Path.Combine(_policy, "config.json"), DateTime.UnixEpoch);
        for (var i = 0; i <= Most; i++) Assert.Contains("config.json", (await Assert.ThrowsAsync<RlhfException>(Take)).Message, StringComparison.Ordinal);
    }

    private Task<ModelShelf.Lease> Take() => _shelf.Take(_policy, ModelKind.Policy, CancellationToken.None);
}
