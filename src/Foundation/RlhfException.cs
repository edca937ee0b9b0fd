namespace Rlhf.Foundation;

/// <summary>An error the user can mend: one line that names the place, what was found and what to do.</summary>
/// <remarks>A message that quotes foreign text (a parser's may quote a whole file) is brought to one line of bounded length.</remarks>
public class RlhfException : Exception
{
    private const int KeptStart = 700, KeptEnd = 300;

    public RlhfException(string message) : base(OneLine(message)) { }

    public RlhfException(string message, Exception inner) : base(OneLine(message), inner) { }

    private static string OneLine(string message)
    {
        var line = message.ReplaceLineEndings(" ");
        return line.Length <= KeptStart + KeptEnd ? line : $"{line[..KeptStart]} … {line[^KeptEnd..]}";
    }
}
