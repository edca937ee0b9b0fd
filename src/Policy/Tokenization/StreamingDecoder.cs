using System.Buffers;
using System.Text;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization;

/// <summary>
/// Turns tokens into text as they come. A character whose bytes are not all there yet is held back, so that what was
/// returned never changes; bytes that are no UTF-8 become U+FFFD. Special tokens have no text.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly TextTokenizer _tokenizer;
    private readonly TokenText _text;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private int _spacesToDrop;

    internal StreamingDecoder(TextTokenizer tokenizer, TokenText text, int spacesToDrop)
    {
        _tokenizer = tokenizer;
        _text = text;
        _spacesToDrop = spacesToDrop;
    }

    /// <summary>The text that this token completes; often a word, sometimes nothing.</summary>
    public string Append(int id)
    {
        if (_tokenizer.IsSpecial(id) || _tokenizer.IdToToken(id) is not { } token) return "";
        _text.Write(token, _bytes);
        return Decode(_bytes.WrittenSpan, flush: false);
    }

    /// <summary>What was held back, as U+FFFD where it never became a character.</summary>
    public string Finish() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        while (_spacesToDrop > 0 && bytes.Length > 0)
        {
            _spacesToDrop = bytes[0] == ' ' ? _spacesToDrop - 1 : 0;
            if (bytes[0] == ' ') bytes = bytes[1..];
        }

        var characters = new char[_utf8.GetCharCount(bytes, flush)];
        _utf8.GetChars(bytes, characters, flush);
        _bytes.ResetWrittenCount();
        return new string(characters);
    }
}
