using System.Text;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Policies.Generation;

/// <summary>Follows one response's text as its tokens come and sees when it holds a stop string, wherever its tokens divide it.</summary>
internal sealed class StopStrings(StreamingDecoder decoder, IReadOnlyList<string> strings)
{
    private readonly StringBuilder _text = new();
    private readonly int _reach = strings.Max(text => text.Length) - 1;

    /// <summary>Adds a token; whether the text holds a stop string now.</summary>
    public bool Sees(int token)
    {
        var piece = decoder.Append(token);
        // A match that was not there before ends in the new piece.
        var start = Math.Max(0, _text.Length - _reach);
        _text.Append(piece);
        var tail = _text.ToString(start, _text.Length - start);
        return piece.Length > 0 && strings.Any(text => tail.Contains(text, StringComparison.Ordinal));
    }

    /// <summary>The text before the first stop string in it.</summary>
    public static string Cut(string text, IReadOnlyList<string> strings)
    {
        var ends = strings.Select(stop => text.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0);
        return text[..ends.DefaultIfEmpty(text.Length).Min()];
    }
}
