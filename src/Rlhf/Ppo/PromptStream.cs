using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Training;

namespace Rlhf.Ppo;

/// <summary>A prompt as it stands in its file and as the policy reads it.</summary>
public sealed record Prompt(int Index, string Text, int[] Tokens)
{
    /// <summary>What its row says beside it, where a score asks: the right answer, a text to compare with.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>Texts as the policy reads them, numbered in their order.</summary>
    public static IReadOnlyList<Prompt> Of(TextTokenizer tokenizer, IEnumerable<string> texts) =>
        [.. texts.Select((text, i) => new Prompt(i, text, ReplyTokens.Prompt(tokenizer, text)))];
}

/// <summary>
/// Prompts in a seeded order, each epoch in another. Which prompts a step sees depends on the seed and the step alone,
/// so a resumed run goes on where it stopped without any state.
/// </summary>
internal sealed class PromptStream(IReadOnlyList<Prompt> prompts, int perStep, ulong seed)
{
    /// <summary>Keeps the order of the others apart from that of the epochs.</summary>
    private const ulong OthersSeed = 0x5DEECE66D;

    private const int MostRounds = 1 << 20;

    private long _epoch = -1;
    private int[] _order = [];

    public Prompt[] At(long step)
    {
        var chosen = new Prompt[perStep];
        for (var i = 0; i < perStep; i++)
        {
            var (epoch, place) = Math.DivRem(step * perStep + i, prompts.Count);
            if (epoch != _epoch) (_epoch, _order) = (epoch, CounterShuffle.Permutation(prompts.Count, seed, epoch));
            chosen[i] = prompts[_order[(int)place]];
        }

        return chosen;
    }

    /// <summary>Prompts for a step that lacks some, out of the turn of the epochs.</summary>
    /// <param name="round">the how-manieth time it asks, from 1</param>
    public Prompt[] Others(long step, int round, int count)
    {
        var order = CounterShuffle.Permutation(prompts.Count, seed ^ OthersSeed, step * MostRounds + round);
        return [.. Enumerable.Range(0, count).Select(i => prompts[order[i % order.Length]])];
    }
}
