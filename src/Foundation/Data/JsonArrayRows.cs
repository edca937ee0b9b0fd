using System.Buffers;

namespace Rlhf.Foundation.Data;

/// <summary>One JSON list of objects, read object by object.</summary>
internal sealed class JsonArrayRows(ChunkBuffer buffer, RowOrigin origin)
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[],"u8);
    private long line = 1;

    public IEnumerable<Row> Read(Action<RowDefect>? onDefect)
    {
        var parser = new RowParser(origin);
        Expect((byte)'[', "the list's opening '['");
        if (Peek("an object or the list's closing ']'") == ']')
        {
            buffer.Take(1);
            CheckEnd();
            yield break;
        }

        while (true)
        {
            _ = Peek("an object");
            var at = line;
            var bytes = Element();
            if (parser.Parse(bytes, at, onDefect) is { } row) yield return row;

            var next = Peek("',' or the list's closing ']'");
            if (next is not (byte)',' and not (byte)']') throw Unexpected(next, "',' or ']' behind an object");
            buffer.Take(1);
            if (next != ']') continue;
            CheckEnd();
            yield break;
        }
    }

    /// <summary>The bytes of one element: up to the ',' or ']' that stands outside its strings, lists and objects.</summary>
    private ReadOnlyMemory<byte> Element()
    {
        var (position, depth, inString) = (0, 0, false);
        while (true)
        {
            var pending = buffer.Pending;
            while (position < pending.Length)
            {
                var rest = pending[position..];
                var step = inString ? rest.IndexOfAny((byte)'"', (byte)'\\') : rest.IndexOfAny(Structure);
                if (step < 0)
                {
                    position = pending.Length;
                    break;
                }

                position += step;
                var found = pending[position];
                if (inString)
                {
                    if (found == '"') inString = false;
                    else if (position + 1 == pending.Length) break; // the escaped byte is not read yet
                    position += found == '"' ? 1 : 2;
                    continue;
                }

                if (depth == 0 && found is (byte)',' or (byte)']' or (byte)'}') return TakeElement(position);
                if (found == '"') inString = true;
                else if (found is (byte)'{' or (byte)'[') depth++;
                else if (found is (byte)'}' or (byte)']') depth--;
                position++;
                if (depth == 0 && found is (byte)'}' or (byte)']') return TakeElement(position);
            }

            if (!buffer.Fill(line)) throw new RlhfException($"{origin.At(line)}: the file ends inside a row that starts here; it may have been cut");
        }
    }

    private ReadOnlyMemory<byte> TakeElement(int length)
    {
        var element = buffer.Take(length);
        line += element.Span.Count((byte)'\n');
        return element;
    }

    /// <summary>The next byte that is no white space, not taken.</summary>
    private byte Peek(string expected)
    {
        while (true)
        {
            var pending = buffer.Pending;
            var skip = pending.IndexOfAnyExcept(" \t\r\n"u8);
            var blank = skip < 0 ? pending.Length : skip;
            line += pending[..blank].Count((byte)'\n');
            buffer.Take(blank);
            if (skip >= 0) return buffer.Pending[0];
            if (!buffer.Fill(line)) throw new RlhfException($"{origin.At(line)}: the file ends where {expected} should stand; it may have been cut");
        }
    }

    private void Expect(byte wanted, string what)
    {
        var found = Peek(what);
        if (found != wanted) throw Unexpected(found, what);
        buffer.Take(1);
    }

    private void CheckEnd()
    {
        while (buffer.Pending.IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            buffer.Take(buffer.Pending.Length);
            if (!buffer.Fill(line)) return;
        }

        throw Unexpected(buffer.Pending[buffer.Pending.IndexOfAnyExcept(" \t\r\n"u8)], "nothing behind the list's closing ']'");
    }

    private RlhfException Unexpected(byte found, string expected) =>
        new($"{origin.At(line)}: found {(found is > 32 and < 127 ? $"'{(char)found}'" : $"byte 0x{found:x2}")}, expected {expected}");
}
