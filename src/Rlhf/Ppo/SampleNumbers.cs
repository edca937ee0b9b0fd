namespace Rlhf.Ppo;

/// <summary>
/// Numbers the samples that each prompt is asked for in one step. A prompt that comes up again in the same step gets other
/// numbers, or it would draw the very same responses again.
/// </summary>
internal sealed class SampleNumbers(int groupSize)
{
    private readonly Dictionary<int, int> _next = [];

    /// <summary>Every prompt as often as a group is large, side by side.</summary>
    public IReadOnlyList<(Prompt Prompt, int Sample)> Of(IReadOnlyList<Prompt> prompts)
    {
        var asked = new List<(Prompt, int)>(prompts.Count * groupSize);
        foreach (var prompt in prompts)
        {
            var first = _next.GetValueOrDefault(prompt.Index);
            _next[prompt.Index] = first + groupSize;
            for (var i = 0; i < groupSize; i++) asked.Add((prompt, first + i));
        }

        return asked;
    }
}
