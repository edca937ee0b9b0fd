using Rlhf.Foundation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Policies.Generation;

/// <summary>
/// Generates responses in batches over a key-value cache. A response depends on its prompt, the options and its random
/// key, and on no other prompt: rows of a batch never mix, and what they draw is counter-based.
/// </summary>
/// <param name="eos">The token that ends a response, if the model has one.</param>
/// <param name="pad">Stands beside shorter prompts; no response depends on it.</param>
/// <param name="tokenizer">Gives completions their text; stop strings need it.</param>
public sealed class TextGenerator(CausalLm model, int? eos, int pad, TextTokenizer? tokenizer = null)
{
    /// <summary>Episodes generated side by side.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>How tokens are decoded; by default as the model's device wants it.</summary>
    internal DecodeSchedule? Schedule { get; init; }

    /// <summary>Refuses prompts that cannot be continued, by their numbers: before the first of many is.</summary>
    public void WantRoom(IReadOnlyList<int[]> prompts)
    {
        foreach (var (i, prompt) in prompts.Index()) Room(prompt, i);
    }

    /// <summary>The response to each prompt.</summary>
    /// <param name="keys">One per prompt.</param>
    public Completion[] Generate(IReadOnlyList<int[]> prompts, SamplingOptions options, IReadOnlyList<RandomKey> keys) => Generate(prompts, options, keys, null);

    /// <param name="states">Takes the hidden states that tokens were drawn from; on a CPU only.</param>
    internal Completion[] Generate(IReadOnlyList<int[]> prompts, SamplingOptions options, IReadOnlyList<RandomKey> keys, DrawnStates? states)
    {
        var completions = new Completion[prompts.Count];
        foreach (var (index, completion) in Stream(prompts, options, keys, states)) completions[index] = completion;
        return completions;
    }

    /// <summary>Responses with the places of their prompts, as they end; waiting prompts take the place of finished ones.</summary>
    public IEnumerable<(int Index, Completion Completion)> Stream(IReadOnlyList<int[]> prompts, SamplingOptions options, IReadOnlyList<RandomKey> keys) =>
        Stream(prompts, options, keys, null);

    private IEnumerable<(int Index, Completion Completion)> Stream(
        IReadOnlyList<int[]> prompts, SamplingOptions options, IReadOnlyList<RandomKey> keys, DrawnStates? states)
    {
        if (prompts.Count != keys.Count) throw new ArgumentException($"{keys.Count} keys for {prompts.Count} prompts", nameof(keys));
        if (options.StopStrings.Count > 0 && tokenizer is null) throw new ArgumentException("stop strings need a tokenizer", nameof(options));
        // Prompts of one length together cost no padding; the order does not change any response.
        var waiting = new Queue<GrowingEpisode>(Enumerable.Range(0, prompts.Count).Select(i => Begin(i, prompts[i], options, keys[i])).OrderByDescending(episode => episode.Prompt.Length));
        if (waiting.Count == 0) yield break;
        var ends = new HashSet<int>(options.StopTokens);
        if (eos is { } end) ends.UnionWith([end, .. model.Config.EndTokens]);
        Func<IReadOnlyList<int>, string>? text = tokenizer is null ? null : tokens => Text(tokenizer, tokens, options.StopStrings);

        var schedule = Schedule ?? DecodeSchedule.Of(model.Trunk.Embedding.device);
        using var loop = new DecodeLoop(model, options, schedule, [.. ends.Order()], pad, Math.Min(BatchSize, prompts.Count), waiting.Max(episode => episode.Prompt.Length + episode.Remaining), states);
        var batch = new EpisodeBatch(loop, schedule.TokensAhead, options.MinNewTokens, ends);
        while (waiting.Count > 0 || batch.Count > 0)
        {
            var free = BatchSize - batch.Count;
            // A few at a time would read prompts inefficiently.
            var admits = waiting.Count > 0 && (free >= Math.Max(1, BatchSize / 4) || free >= waiting.Count);
            var ended = admits ? batch.Admit([.. Enumerable.Range(0, Math.Min(free, waiting.Count)).Select(_ => waiting.Dequeue())]) : batch.Advance();
            foreach (var episode in ended) yield return (episode.Index, episode.Finish(text));
        }
    }

    private GrowingEpisode Begin(int index, int[] prompt, SamplingOptions options, RandomKey key)
    {
        var room = Math.Min(options.MaxNewTokens, Room(prompt, key.Prompt));
        var stops = options.StopStrings.Count > 0 ? new StopStrings(tokenizer!.ContinueDecoding(), options.StopStrings) : null;
        return new GrowingEpisode(index, prompt, key, room, stops);
    }

    /// <param name="number">The prompt's index in its data set.</param>
    private int Room(int[] prompt, long number)
    {
        if (prompt.Length == 0) throw new RlhfException($"prompt {number + 1} has no tokens; begin it with the model's BOS token, if it has one");
        var room = model.Config.Context - prompt.Length;
        return room > 0 ? room : throw new RlhfException($"prompt {number + 1} has {prompt.Length} tokens; the model's context of {model.Config.Context} leaves no room for a response");
    }

    private static string Text(TextTokenizer tokenizer, IReadOnlyList<int> tokens, IReadOnlyList<string> stops)
    {
        var decoder = tokenizer.ContinueDecoding();
        var text = string.Concat(tokens.Select(decoder.Append)) + decoder.Finish();
        return StopStrings.Cut(text, stops);
    }
}
