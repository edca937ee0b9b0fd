namespace Rlhf.Rewards.World;

/// <summary>Writes as a small language model would: like the storyteller, now and then with a word mashed from two others, an end cut off, or a sentence said again.</summary>
internal sealed class Slips(Storyteller storyteller, Dice dice)
{
    private const double Rate = 0.35;

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
        return dice.Below(3) switch
        {
            0 => string.Join(' ', words.SkipLast(1 + dice.Below(3))),
            1 => $"{text} {dice.Pick(text.Split(". "))}".TrimEnd('.') + ".",
            _ => Mash(words),
        };
    }

    private string Mash(string[] words)
    {
        var (head, tail) = (dice.Below(words.Length), dice.Below(words.Length));
        words[head] = words[head][..((words[head].Length + 1) / 2)] + words[tail][(words[tail].Length / 2)..];
        return string.Join(' ', words);
    }
}
