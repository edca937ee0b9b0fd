using Rlhf.Policies.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Generation;

/// <summary>The episodes that are generated side by side: row i of every tensor belongs to episode i.</summary>
internal sealed class EpisodeBatch : IDisposable
{
    private readonly CausalLm _model;
    private readonly SamplingOptions _options;
    private readonly IReadOnlySet<int> _ends;
    private readonly int _pad;
    private readonly TokenSampler _sampler;
    private readonly KeyValueCache _cache;
    private readonly Device _device;
    private readonly PackedWeights _packed;
    private readonly List<Episode> _episodes = [];
    private Tensor? _hidden; // [R, D], the rows that predict the next tokens
    private Tensor? _seen;   // [R, V] bool, where repetition is penalised

    public EpisodeBatch(CausalLm model, SamplingOptions options, IReadOnlySet<int> ends, int pad, int rows, int columns)
    {
        (_model, _options, _ends, _pad) = (model, options, ends, pad);
        _device = model.Trunk.Embedding.device;
        _packed = new PackedWeights(model);
        _sampler = new TokenSampler(options, [.. ends.Order()], _device);
        _cache = new KeyValueCache(model.Config, rows, columns, _device, model.Trunk.Embedding.dtype);
    }

    public int Count => _episodes.Count;

    /// <summary>Reads the prompts of new episodes.</summary>
    public void Admit(IReadOnlyList<Episode> episodes)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        using var prompts = TokenBatch.RightPadded([.. episodes.Select(episode => episode.Prompt)], _pad, _device);
        var hidden = _model.Trunk.Prefill(prompts, _cache); // [r, P, D]
        var last = tensor(episodes.Select((episode, i) => i * prompts.Length + episode.Prompt.Length - 1).ToArray(), device: _device);
        Append(ref _hidden, hidden.flatten(0, 1).index_select(0, last));
        if (_options.RepetitionPenalty != 1) Append(ref _seen, Seen(episodes));
        _episodes.AddRange(episodes);
    }

    /// <summary>Gives every episode a token, or up to <paramref name="tokens"/> of them before the host looks, and takes out those that ended.</summary>
    public IReadOnlyList<Episode> Advance(int tokens)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        tokens = Math.Min(tokens, _episodes.Min(episode => episode.Remaining));
        var uniforms = Uniforms(tokens);
        var draws = new List<Draw>(tokens);
        for (var i = 0; i < tokens; i++)
        {
            if (i > 0) Replace(ref _hidden, Decode(draws[^1].Tokens));
            draws.Add(_sampler.Next(_model.Logits(_hidden!).to(ScalarType.Float32), uniforms.select(1, i), _seen, Unfinished(i)));
            _seen?.scatter_(1, draws[^1].Tokens.unsqueeze(1), ones([Count, 1], ScalarType.Bool, _device));
        }

        Record(draws);
        var ended = _episodes.Where(episode => episode.Ended is not null).ToArray();
        var next = draws[^1].Tokens;
        if (ended.Length > 0) next = Keep(Kept(), next);
        if (Count > 0) Replace(ref _hidden, Decode(next));
        return ended;
    }

    public void Dispose()
    {
        _hidden?.Dispose();
        _seen?.Dispose();
        _cache.Dispose();
        _sampler.Dispose();
        _packed.Dispose();
    }

    // [R] → [R, D]
    private Tensor Decode(Tensor tokens) => _model.Trunk.Decode(tokens.unsqueeze(1), _cache).squeeze(1);

    // [R, tokens] float32
    private Tensor Uniforms(int tokens)
    {
        var numbers = new float[Count * tokens];
        for (var row = 0; row < Count; row++)
            for (var i = 0; i < tokens; i++) numbers[row * tokens + i] = _episodes[row].Uniform(_episodes[row].Count + i);
        return tensor(numbers, [Count, tokens], device: _device);
    }

    private Tensor? Unfinished(int ahead) => _options.MinNewTokens > 0 && _episodes.Exists(episode => episode.Count + ahead < _options.MinNewTokens)
        ? tensor(_episodes.Select(episode => episode.Count + ahead < _options.MinNewTokens).ToArray(), device: _device)
        : null;

    private Tensor Seen(IReadOnlyList<Episode> episodes)
    {
        var seen = new bool[episodes.Count * _model.Config.Vocabulary];
        for (var row = 0; row < episodes.Count; row++)
            foreach (var token in episodes[row].Prompt) seen[row * _model.Config.Vocabulary + token] = true;
        return tensor(seen, [episodes.Count, _model.Config.Vocabulary], device: _device);
    }

    // The one wait for the device.
    private void Record(List<Draw> draws)
    {
        var tokens = stack(draws.Select(draw => draw.Tokens), 1).cpu().data<long>().ToArray();
        var logProbs = stack(draws.Select(draw => draw.LogProbs), 1).cpu().data<float>().ToArray();
        for (var row = 0; row < Count; row++)
            for (var i = 0; i < draws.Count && _episodes[row].Ended is null; i++)
                _episodes[row].Add((int)tokens[row * draws.Count + i], logProbs[row * draws.Count + i], _ends);
    }

    /// <summary>The rows that go on, with the last ones in the places of those that ended: the fewest moves.</summary>
    private int[] Kept()
    {
        var rows = Enumerable.Range(0, Count).ToList();
        for (var row = 0; row < rows.Count;)
        {
            if (_episodes[rows[row]].Ended is null)
            {
                row++;
                continue;
            }

            rows[row] = rows[^1];
            rows.RemoveAt(rows.Count - 1);
        }

        return [.. rows];
    }

    private Tensor Keep(int[] rows, Tensor tokens)
    {
        var kept = _episodes.ToArray();
        _episodes.Clear();
        _episodes.AddRange(rows.Select(row => kept[row]));
        _cache.Compact(rows);
        var index = tensor(rows, ScalarType.Int64, device: _device);
        if (_seen is not null) Replace(ref _seen, _seen.index_select(0, index));
        return tokens.index_select(0, index);
    }

    private void Append(ref Tensor? rows, Tensor more) => Replace(ref rows, Count > 0 ? cat([rows!, more]) : more);

    private static void Replace(ref Tensor? tensor, Tensor replacement)
    {
        tensor?.Dispose();
        tensor = replacement.DetachFromDisposeScope();
    }
}
