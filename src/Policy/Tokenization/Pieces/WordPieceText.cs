using System.Buffers;
using System.Text;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Pieces;

/// <summary>WordPiece's tokens: a space stands before each but those that go on with a word.</summary>
internal sealed record WordPieceText(string Prefix) : TokenText
{
    public override void Write(string token, IBufferWriter<byte> output) =>
        Encoding.UTF8.GetBytes(Prefix.Length > 0 && token.StartsWith(Prefix, StringComparison.Ordinal) ? token[Prefix.Length..] : " " + token, output);
}
