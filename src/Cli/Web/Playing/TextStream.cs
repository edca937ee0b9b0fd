using Rlhf.Foundation;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Cli.Web.Playing;

/// <summary>A token as it was drawn.</summary>
/// <param name="Text">What it adds to the response; empty where it completes no character, or may begin a stop string.</param>
/// <param name="LogProb">Under the tempered softmax.</param>
/// <param name="Likeliest">The likeliest tokens in its place, where they were asked for.</param>
internal sealed record DrawnToken(int Id, string Text, float LogProb, IReadOnlyList<(int Id, float LogProb)> Likeliest);

/// <summary>
/// One response, token by token: the same tokens that <see cref="TextGenerator"/> gives for the same key. Between tokens
/// others may use the machine.
/// </summary>
internal sealed class TextStream : IDisposable
{
    private readonly CausalLm _model;
    private readonly SamplingOptions _options;
    private readonly HashSet<int> _ends;
    private readonly GrowingEpisode _episode;
    private readonly DrawnStates? _states;
    private readonly DecodeLoop _loop;
    private readonly StreamingDecoder _decoder;
    private readonly int _likeliest;
    private readonly int _longestStop;
    private readonly List<int> _tokens = [];
    private string _text = "";
    private int _said;

    /// <param name="likeliest">How many of the likeliest tokens to tell of each; on a CPU only.</param>
    public TextStream(CausalLm model, TextTokenizer tokenizer, int[] prompt, SamplingOptions options, RandomKey key, int likeliest = 0)
    {
        var room = Room(model, prompt, options);
        (_model, _options, _likeliest) = (model, options, likeliest);
        _ends = [.. options.StopTokens, .. model.Config.EndTokens];
        if (tokenizer.Eos is { } eos) _ends.Add(eos);
        _longestStop = options.StopStrings.Select(stop => stop.Length).DefaultIfEmpty(0).Max();
        _episode = new GrowingEpisode(0, prompt, key, room, options.StopStrings.Count > 0 ? new StopStrings(tokenizer.ContinueDecoding(), options.StopStrings) : null);
        _decoder = tokenizer.ContinueDecoding();
        var schedule = likeliest > 0 && model.HeadWeight.device_type == TorchSharp.DeviceType.CPU ? DecodeSchedule.Stepwise : DecodeSchedule.Of(model.HeadWeight.device);
        _states = likeliest > 0 ? DrawnStates.For(model, 1, options) : null;
        _loop = new DecodeLoop(model, options, schedule, [.. _ends.Order()], tokenizer.PadOrEos, 1, prompt.Length + room, _states);
    }

    /// <summary>How many tokens a response may have.</summary>
    /// <exception cref="RlhfException">None at all.</exception>
    public static int Room(CausalLm model, int[] prompt, SamplingOptions options)
    {
        if (prompt.Length == 0) throw new RlhfException("the prompt has no tokens");
        var room = Math.Min(options.MaxNewTokens, model.Config.Context - prompt.Length);
        return room > 0 ? room : throw new RlhfException($"the prompt has {prompt.Length} tokens; the model's context of {model.Config.Context} leaves no room for a response");
    }

    /// <summary>The response's tokens so far.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Its text so far, up to a stop string.</summary>
    public string Text => _text;

    /// <summary>Why it ended; null while it goes on.</summary>
    public StopReason? Ended => _episode.Ended;

    /// <summary>Draws the next token; null once the response has ended.</summary>
    public DrawnToken? Next()
    {
        if (_episode.Ended is not null) return null;
        var request = DrawRequest.For([_episode], 1, _options.MinNewTokens);
        var drawn = _episode.Count == 0 ? _loop.Admit([_episode.Prompt], request) : _loop.Advance(request);
        var (token, logProb) = ((int)drawn.Tokens[0], drawn.LogProbs[0]);
        _episode.Add(token, logProb, _ends);
        _tokens.Add(token);
        _text += _decoder.Append(token);
        if (_episode.Ended is not null) _text = StopStrings.Cut(_text + _decoder.Finish(), _options.StopStrings);
        // What may turn out to begin a stop string is not said before that is known.
        var until = _episode.Ended is not null ? _text.Length : Math.Max(_said, _text.Length - Math.Max(0, _longestStop - 1));
        if (until > 0 && until < _text.Length && char.IsHighSurrogate(_text[until - 1])) until--;
        var piece = until > _said ? _text[_said..until] : "";
        _said = Math.Max(_said, until);
        return new DrawnToken(token, piece, logProb, Likeliest());
    }

    public void Dispose()
    {
        _loop.Dispose();
        _states?.Dispose();
    }

    private IReadOnlyList<(int Id, float LogProb)> Likeliest()
    {
        if (_states is null) return [];
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var hidden = _states.Of([(0, _tokens.Count)]).narrow(0, _tokens.Count - 1, 1);
        var logits = _model.Logits(hidden).to(ScalarType.Float32);
        if (!_options.Greedy && _options.Temperature != 1) logits = logits.mul(Number.Of(1 / _options.Temperature));
        var (values, ids) = nn.functional.log_softmax(logits, -1).topk(Math.Min(_likeliest, (int)logits.shape[1]), -1);
        return [.. ids.data<long>().ToArray().Zip(values.data<float>().ToArray(), (id, value) => ((int)id, value))];
    }
}
