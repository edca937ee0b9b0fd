namespace Rlhf.Rewards.World;

/// <summary>Writes as a small language model would: like the storyteller, with now and then a word mashed from two others, or an end cut off.</summary>
internal sealed class Slips(Storyteller storyteller, Dice dice)
{
    private const double Rate = 0.3, MashedShare = 0.7;

    public string Respond(string prompt)
    {
        while (true)
        {
            var response = Slip(storyteller.Respond(prompt));
            if (Storyteller.IsMeasured(prompt, response)) return response;
        }
    }

    private string Slip(string text)
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
