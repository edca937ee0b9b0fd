using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>What a policy writes before it is optimised, as the reward model reads it.</summary>
/// <param name="tokenizer">The reward model's.</param>
/// <param name="longest">Longer rows lose their beginning.</param>
internal sealed class ReferenceSamples(NormalizationOptions options, TextTokenizer tokenizer, int longest)
{
    /// <summary>Token rows of prompt and response. Prompts take turns until there are enough samples.</summary>
    public IReadOnlyList<int[]> Draw(IReadOnlyList<string> prompts, long seed, Device device, ScalarType type)
    {
        var own = TextTokenizer.Load(options.Policy);
        using var model = ModelFolder.Load(options.Policy, device, type);
        var usable = prompts.Distinct(StringComparer.Ordinal).Select(prompt => (Text: prompt, Tokens: ReplyTokens.Prompt(own, prompt)))
            .Where(prompt => prompt.Tokens.Length > 0 && prompt.Tokens.Length < model.Config.Context).ToArray();
        if (usable.Length == 0)
            throw new RlhfException($"reward.normalization: none of {prompts.Count} prompts has 1 to {model.Config.Context - 1} tokens, which the policy {options.Policy} can respond to");
        var asked = Enumerable.Range(0, options.Samples).Select(i => usable[i % usable.Length]).ToArray();
        var keys = asked.Select((_, i) => new RandomKey((ulong)seed, 0, i % usable.Length, i / usable.Length)).ToArray();
        var responses = new TextGenerator(model, own.Eos ?? model.Config.Eos, own.PadOrEos, own).Generate([.. asked.Select(prompt => prompt.Tokens)], options.Sampling, keys);
        var same = own.HasSameTokens(tokenizer);
        return [.. asked.Zip(responses, (prompt, response) => Fitting(same
            ? [.. prompt.Tokens, .. response.Tokens]
            : ReplyTokens.Whole(tokenizer, prompt.Text, response.Text!)))];
    }

    private int[] Fitting(int[] row) => row[Math.Max(0, row.Length - longest)..];
}
