namespace Rlhf.Rewards.World;

/// <summary>The slips of a small language model: a word mashed from two others, or an end that is cut off.</summary>
internal sealed class Slips(Dice dice)
{
    private const double Rate = 0.3, MashedShare = 0.7;

    /// <summary>The text with a slip in it, in three of ten cases; otherwise as it is.</summary>
    public string Maybe(string text)
    {
        if (dice.Uniform() >= Rate) return text;
        var words = text.Split(' ');
        return dice.Uniform() < MashedShare ? Mash(words) : string.Join(' ', words.SkipLast(1 + dice.Below(3)));
    }

    private string Mash(string[] words)
    {
        var (head, tail) = (dice.Below(words.Length), dice.Below(words.Length));
        words[head] = words[head][..((words[head].Length + 1) / 2)] + words[tail][(words[tail].Length / 2)..];
        return string.Join(' ', words);
    }
}
