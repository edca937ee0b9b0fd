namespace Rlhf.Policies.Training;

/// <summary>Parts of a batch that fit into memory one at a time.</summary>
internal static class MicroBatches
{
    /// <summary>
    /// Splits items so that rows × longest row stays within a number of tokens; items of similar length stay together,
    /// and one that is longer than the limit stands alone.
    /// </summary>
    public static IReadOnlyList<int[]> Split(IEnumerable<int> items, Func<int, int> length, int maxTokens)
    {
        var parts = new List<int[]>();
        var part = new List<int>();
        // From the longest down: the first of a part decides its width.
        foreach (var item in items.OrderByDescending(length))
        {
            if (part.Count > 0 && (long)length(part[0]) * (part.Count + 1) > maxTokens)
            {
                parts.Add([.. part]);
                part.Clear();
            }

            part.Add(item);
        }

        if (part.Count > 0) parts.Add([.. part]);
        return parts;
    }
}
