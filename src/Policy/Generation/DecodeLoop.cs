using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Generation;

/// <summary>
/// The device's half of generation: the state of rows side by side, in buffers that stay where they are, and the one step
/// that gives every row a token. The step neither waits for the host nor asks it for anything, so it can be recorded.
/// </summary>
internal sealed class DecodeLoop : IDisposable
{
    private readonly CausalLm _model;
    private readonly DecodeSchedule _schedule;
    private readonly int _rows;
    private readonly int _pad;
    private readonly Device _device;
    private readonly IDisposable? _held;
    private readonly TokenSampler _sampler;
    private readonly KeyValueCache _cache;
    private readonly RecordedSteps _steps;
    private readonly DrawnStates? _states;
    private readonly Tensor _newest;     // [rows] int64, the tokens that are not in the cache yet
    private readonly Tensor? _seen;      // [rows, V] bool, where repetition is penalised
    private readonly Tensor _ahead;      // [1] int64, k: tokens drawn since the host looked
    private readonly Tensor _uniforms;   // [K, rows] float32
    private readonly Tensor _unfinished; // [K, rows] bool, true where a response may not end yet
    private readonly Tensor _tokens;     // [K, rows] int64
    private readonly Tensor _logProbs;   // [K, rows] float32

    /// <param name="ends">Tokens that end a response.</param>
    /// <param name="rows">The most rows there are side by side.</param>
    /// <param name="columns">The most tokens a row takes, its prompt's included.</param>
    /// <param name="states">Takes what tokens are drawn from, where somebody wants it and the host looks at every step.</param>
    public DecodeLoop(
        CausalLm model, SamplingOptions options, DecodeSchedule schedule, IReadOnlyList<int> ends, int pad, int rows, long columns, DrawnStates? states)
    {
        if (states is not null && schedule.TokensAhead > 1) throw new ArgumentException("states cannot be kept of steps that the host does not look at", nameof(states));
        _states = states;
        (_model, _schedule, _rows, _pad) = (model, schedule, rows, pad);
        _device = model.Trunk.Embedding.device;
        _held = model.Trunk.Hold();
        _sampler = new TokenSampler(options, ends, _device);
        _cache = new KeyValueCache(model.Trunk, rows, columns);
        _steps = new RecordedSteps(work => schedule.Record(_device, work));
        // Zeros: rows that no episode has are computed too, and have to be tokens and numbers like others.
        _newest = Buffer(ScalarType.Int64, rows);
        _seen = options.RepetitionPenalty == 1 ? null : Buffer(ScalarType.Bool, rows, model.Config.Vocabulary);
        _ahead = Buffer(ScalarType.Int64, 1);
        _uniforms = Buffer(ScalarType.Float32, schedule.TokensAhead, rows);
        _unfinished = Buffer(ScalarType.Bool, schedule.TokensAhead, rows);
        _tokens = Buffer(ScalarType.Int64, schedule.TokensAhead, rows);
        _logProbs = Buffer(ScalarType.Float32, schedule.TokensAhead, rows);
    }

    /// <summary>Reads prompts into new rows, which stand after the others, and draws their first tokens.</summary>
    public Drawn Admit(IReadOnlyList<int[]> prompts, DrawRequest request)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        using var batch = TokenBatch.RightPadded(prompts, _pad, _device);
        var (first, count) = (_cache.Count, prompts.Count);
        var last = tensor(prompts.Select((prompt, i) => i * batch.Length + prompt.Length - 1).ToArray()).On(_device);
        var hidden = _model.Trunk.Prefill(batch, _cache, last); // [r, D]
        var seen = _seen?.narrow(0, first, count);
        seen?.copy_(Seen(prompts));
        var unfinished = request.Unfinished is null ? null : tensor(request.Unfinished).On(_device);
        _states?.Keep(request.Next, hidden);
        var draw = Next(hidden, tensor(request.Uniforms).On(_device), seen, unfinished);
        _newest.narrow(0, first, count).copy_(draw.Tokens);
        return Read(draw.Tokens, draw.LogProbs);
    }

    /// <summary>Gives every row the tokens that are asked for; the one wait for the device stands at the end.</summary>
    public Drawn Advance(DrawRequest request)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var (tokens, count) = (request.Tokens, _cache.Count);
        Part(_uniforms).copy_(tensor(request.Uniforms, [tokens, count]).On(_device));
        if (request.Unfinished is { } unfinished) Part(_unfinished).copy_(tensor(unfinished, [tokens, count]).On(_device));
        _ahead.zero_();
        _cache.Extend(tokens);
        var size = new StepSize(_schedule.Rows(count, _rows), _schedule.Columns(_cache.Longest, _cache.Capacity), request.Unfinished is not null);
        for (var i = 0; i < tokens; i++) _steps.Run(size, at => Step(at, request));
        return Read(Part(_tokens), Part(_logProbs));

        Tensor Part(Tensor buffer) => buffer.narrow(0, 0, tokens).narrow(1, 0, count);
    }

    /// <summary>Goes on with these rows, in this order; row i is the one that was rows[i].</summary>
    public void Keep(IReadOnlyList<int> rows)
    {
        using var scope = NewDisposeScope();
        _cache.Compact(rows);
        var moved = Enumerable.Range(0, rows.Count).Where(i => rows[i] != i).ToArray();
        if (moved.Length == 0) return;
        var to = tensor(moved, ScalarType.Int64).On(_device);
        var from = tensor(moved.Select(i => rows[i]).ToArray(), ScalarType.Int64).On(_device);
        _newest.index_copy_(0, to, _newest.index_select(0, from));
        _seen?.index_copy_(0, to, _seen.index_select(0, from));
    }

    public void Dispose()
    {
        _steps.Dispose(); // before the buffers they write to
        foreach (var buffer in (Tensor?[])[_newest, _seen, _ahead, _uniforms, _unfinished, _tokens, _logProbs]) buffer?.Dispose();
        _cache.Dispose();
        _sampler.Dispose();
        _held?.Dispose();
    }

    // Of the request, a step that is recorded would see the first alone.
    private void Step(StepSize size, DrawRequest request)
    {
        using var scope = NewDisposeScope();
        var newest = _newest.narrow(0, 0, size.Rows);
        var seen = _seen?.narrow(0, 0, size.Rows);
        var hidden = _model.Trunk.Decode(newest.unsqueeze(1), _cache.Next(size.Rows, size.Columns, 1)).squeeze(1); // [R, D]
        _states?.Keep(request.Next, hidden);
        var draw = Next(hidden, Now(_uniforms), seen, size.HoldsEnds ? Now(_unfinished) : null);
        newest.copy_(draw.Tokens);
        _tokens.narrow(1, 0, size.Rows).index_copy_(0, _ahead, draw.Tokens.unsqueeze(0));
        _logProbs.narrow(1, 0, size.Rows).index_copy_(0, _ahead, draw.LogProbs.unsqueeze(0));
        _ahead.Add(1);

        // [R], what is given for token k.
        Tensor Now(Tensor buffer) => buffer.narrow(1, 0, size.Rows).index_select(0, _ahead).squeeze(0);
    }

    // The next tokens of rows [R, D].
    private Draw Next(Tensor hidden, Tensor uniforms, Tensor? seen, Tensor? unfinished)
    {
        var draw = _model.Head.Cap is null && _sampler.Draws(hidden) ? _sampler.Draw(hidden, _model.HeadWeight, uniforms) : _sampler.Next(_model.Logits(hidden), uniforms, seen, unfinished);
        seen?.scatter_(1, draw.Tokens.unsqueeze(1), ones([hidden.shape[0], 1], ScalarType.Bool, _device));
        return draw;
    }

    private static Drawn Read(Tensor tokens, Tensor logProbs) => new(tokens.contiguous().cpu().data<long>().ToArray(), logProbs.contiguous().cpu().data<float>().ToArray());

    private Tensor Seen(IReadOnlyList<int[]> prompts)
    {
        var seen = new bool[prompts.Count * _model.Config.Vocabulary];
        for (var row = 0; row < prompts.Count; row++)
            foreach (var token in prompts[row]) seen[row * _model.Config.Vocabulary + token] = true;
        return tensor(seen, [prompts.Count, _model.Config.Vocabulary]).On(_device);
    }

    private Tensor Buffer(ScalarType type, params long[] shape) => zeros(shape, type, _device).DetachFromDisposeScope();
}
