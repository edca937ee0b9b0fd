using Microsoft.AspNetCore.Http;
using Rlhf.Cli.Web.Http;
using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Cli.Web.Playing;

/// <summary>A language model with its tokenizer, or a reward model.</summary>
internal sealed class LoadedModel(TextTokenizer tokenizer, CausalLm? policy, RewardEnsemble? reward) : IDisposable
{
    public TextTokenizer Tokenizer => tokenizer;

    public CausalLm Policy => policy!;

    public int Users { get; set; }

    public long Used { get; set; }

    /// <summary>What a reward model says of a response; the policy's own tokens where both have one tokenizer.</summary>
    public double Score(TextTokenizer asked, int[] prompt, IReadOnlyList<int> response, string promptText, string responseText, bool hasEnded) =>
        reward!.Score([asked.HasSameTokens(tokenizer) ? [.. prompt, .. response] : ReplyTokens.Of(tokenizer, promptText, responseText, hasEnded)], tokenizer.PadOrEos)[0].Score;

    public void Dispose()
    {
        policy?.Dispose();
        reward?.Dispose();
    }
}

/// <summary>
/// Models that are in memory: loaded when they are first asked for, a few at a time, the longest unused making room. One
/// computes at a time, a token or a score long, so that answers which are streamed side by side come side by side.
/// </summary>
internal sealed class ModelShelf(ModelPlaces places, Func<Device> open, int most) : IDisposable
{
    private const int MostRequests = 32;

    private readonly SemaphoreSlim _machine = new(1), _seats = new(MostRequests);
    private readonly Dictionary<string, LoadedModel> _loaded = [];
    private readonly Lazy<Device> _device = new(open);
    private long _clock;

    public ModelPlaces Places => places;

    /// <summary>Holds a model until what is returned is disposed. A reward model is for a request that holds a policy.</summary>
    /// <exception cref="RefusedException">So many requests hold or await a policy already.</exception>
    public async Task<Lease> Take(string id, ModelKind kind, CancellationToken gone)
    {
        var place = places.Find(id, kind);
        if (kind == ModelKind.Reward) return await Hold(place, gone);
        if (!_seats.Wait(0, gone)) throw new RefusedException(StatusCodes.Status429TooManyRequests, "too many requests wait for a model; ask again later");
        try
        {
            return await Hold(place, gone);
        }
        catch
        {
            _seats.Release();
            throw;
        }
    }

    /// <summary>Does a piece of work while nobody else computes.</summary>
    public async Task<T> Compute<T>(Func<T> work, CancellationToken gone)
    {
        await _machine.WaitAsync(gone);
        try
        {
            return work();
        }
        finally
        {
            _machine.Release();
        }
    }

    public void Dispose()
    {
        foreach (var model in _loaded.Values) model.Dispose();
        _machine.Dispose();
        _seats.Dispose();
    }

    private Task<Lease> Hold(ModelPlace place, CancellationToken gone) =>
        Compute(() =>
        {
            var key = $"{place.Folder}@{File.GetLastWriteTimeUtc(Path.Combine(place.Folder, "config.json")).Ticks}";
            if (!_loaded.TryGetValue(key, out var model))
            {
                MakeRoom();
                _loaded[key] = model = Load(place);
            }

            model.Users++;
            model.Used = ++_clock;
            return new Lease(this, model, place.Kind);
        }, gone);

    private void MakeRoom()
    {
        while (_loaded.Count >= most && _loaded.Where(one => one.Value.Users == 0).OrderBy(one => one.Value.Used).FirstOrDefault() is { Key: not null } oldest)
        {
            _loaded.Remove(oldest.Key);
            oldest.Value.Dispose();
        }
    }

    private LoadedModel Load(ModelPlace place)
    {
        try
        {
            if (place.Kind == ModelKind.Reward) return new LoadedModel(TextTokenizer.Load(RewardFolder.TokenizerFolder(place.Folder)), null, RewardFolder.Load(place.Folder, _device.Value));
            var tokenizer = TextTokenizer.Load(place.Folder);
            var model = ModelFolder.Load(place.Folder, _device.Value);
            tokenizer.WantFit(model.Config.Vocabulary);
            return new LoadedModel(tokenizer, model, null);
        }
        catch (IOException gone)
        {
            throw new RlhfException($"{place.Id} cannot be read ({gone.Message}); a run that goes on removes its older checkpoints", gone);
        }
    }

    private void Return(LoadedModel model, ModelKind kind)
    {
        _machine.Wait();
        model.Users--;
        _machine.Release();
        if (kind == ModelKind.Policy) _seats.Release();
    }

    internal sealed class Lease(ModelShelf shelf, LoadedModel model, ModelKind kind) : IDisposable
    {
        public LoadedModel Model => model;

        public void Dispose() => shelf.Return(model, kind);
    }
}
