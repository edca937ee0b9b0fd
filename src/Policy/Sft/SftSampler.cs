using Rlhf.Foundation.Runs;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Policies.Sft;

/// <summary>Lets the model continue the beginnings of some rows and writes that to samples.jsonl.</summary>
internal sealed class SftSampler
{
    /// <summary>What of a row without a prompt is given.</summary>
    private const int GivenTokens = 8;

    private readonly SftRecipe _recipe;
    private readonly TextTokenizer _tokenizer;
    private readonly TextGenerator _generator;
    private readonly int[][] _prompts;
    private readonly ulong _seed;

    /// <param name="rows">The first of them are begun.</param>
    public SftSampler(SftRecipe recipe, CausalLm model, TextTokenizer tokenizer, IReadOnlyList<SftExample> rows, ulong seed)
    {
        (_recipe, _tokenizer, _seed) = (recipe, tokenizer, seed);
        _generator = new TextGenerator(model, tokenizer.Eos ?? model.Config.Eos, tokenizer.PadOrEos, tokenizer);
        _prompts = [.. rows.Take(recipe.Samples).Select(Beginning)];
    }

    public void Write(Run run, long step)
    {
        RandomKey[] keys = [.. _prompts.Select((_, i) => new RandomKey(_seed, step, i, 0))];
        foreach (var (prompt, completion) in _prompts.Zip(_generator.Generate(_prompts, _recipe.Sampling, keys)))
            run.Sample(new { Step = step, Prompt = _tokenizer.Decode(prompt), Response = completion.Text, Ended = completion.Reason != StopReason.Length });
    }

    // What the loss does not count at the start of a row is its prompt.
    private static int[] Beginning(SftExample row)
    {
        var prompt = Array.IndexOf(row.Counted, true);
        return row.Tokens[..(prompt > 1 ? prompt : Math.Min(GivenTokens, (row.Tokens.Length + 1) / 2))];
    }
}
