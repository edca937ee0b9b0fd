using System.Text;

namespace Rlhf.Rewards.Scorers;

/// <summary>What a program writes, without more of it in memory than asked for.</summary>
internal static class BoundedOutput
{
    private const int Piece = 1 << 14;

    /// <summary>All of it; null once it is longer than so many characters.</summary>
    /// <param name="stop">called then; the rest is left unread</param>
    public static async Task<string?> Whole(TextReader reader, long longest, Action stop)
    {
        var text = new StringBuilder();
        var piece = new char[Piece];
        while (await reader.ReadAsync(piece).ConfigureAwait(false) is > 0 and var count)
        {
            text.Append(piece, 0, count);
            if (text.Length <= longest) continue;
            stop();
            return null;
        }

        return text.ToString();
    }

    /// <summary>Its end, read to the last, with a mark where something stood before.</summary>
    public static async Task<string> Tail(TextReader reader, int longest)
    {
        var text = new StringBuilder();
        var piece = new char[Piece];
        var isCut = false;
        while (await reader.ReadAsync(piece).ConfigureAwait(false) is > 0 and var count)
        {
            text.Append(piece, 0, count);
            if (text.Length <= longest) continue;
            text.Remove(0, text.Length - longest);
            isCut = true;
        }

        return isCut ? $"…{text}" : text.ToString();
    }
}
