using System.Buffers.Binary;
using System.Text;

namespace Rlhf.Policies.TensorFiles;

/// <summary>
/// Reads the pickles that torch.save writes and nothing else. It is a machine of a stack and a memo whose values are
/// plain data; classes and functions stay names, and <see cref="TorchGlobals"/> alone decides what the handful of
/// known names mean. Nothing in a file can be executed.
/// </summary>
internal sealed class PickleReader(ReadOnlyMemory<byte> bytes, Func<object?[], object> persistent)
{
    private const int MaxHeight = 1 << 22; // values held at once; a state dictionary needs a few per tensor
    private static readonly object Mark = new();

    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _position;

    /// <summary>Bytes read, up to and including the pickle's end.</summary>
    public int Position => _position;

    public static InvalidDataException Damaged(string what) => new($"not a pickle of tensors: {what}");

    public object? Load()
    {
        while (true)
        {
            if (_stack.Count > MaxHeight || _memo.Count > MaxHeight) throw Damaged($"it holds more than {MaxHeight} values");
            var at = _position;
            var opcode = (char)Next();
            if (opcode == '.') return Pop();
            if (!Scalar(opcode) && !Container(opcode) && !Memo(opcode) && !Object(opcode))
                throw Damaged($"opcode 0x{(int)opcode:x2} at byte {at} is none that torch.save writes");
        }
    }

    private bool Scalar(char opcode)
    {
        switch (opcode)
        {
            case '\x80': if (Next() > 5) throw Damaged("its protocol is newer than 5"); return true;
            case '\x95': Take(8); return true; // FRAME: a hint
            case 'N': Push(null); return true;
            case '\x88': Push(true); return true;
            case '\x89': Push(false); return true;
            case 'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); return true;
            case 'K': Push((long)Next()); return true;
            case 'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); return true;
            case 'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); return true;
            case '\x8a': { var number = Long(Take(Next())); Push(number >= long.MinValue && number <= long.MaxValue ? (long)number : (object)number); return true; }
            case 'X': Push(Text(Size4())); return true;
            case '\x8c': Push(Text(Next())); return true;
            case '\x8d': Push(Text(Size8())); return true;
            case 'U': Push(Text(Next())); return true;
            case 'T': Push(Text(Size4())); return true;
            case 'B': Push(Take(Size4()).ToArray()); return true;
            case 'C': Push(Take(Next()).ToArray()); return true;
            default: return false;
        }
    }

    private bool Container(char opcode)
    {
        switch (opcode)
        {
            case '(': Push(Mark); return true;
            case ')': Push(Array.Empty<object?>()); return true;
            case ']': Push(new List<object?>()); return true;
            case '}': Push(new PickleDictionary()); return true;
            case 't': Push(ToMark()); return true;
            case 'l': Push(new List<object?>(ToMark())); return true;
            case '\x85': Push(new[] { Pop() }); return true;
            case '\x86': { var b = Pop(); Push(new[] { Pop(), b }); return true; }
            case '\x87': { var c = Pop(); var b = Pop(); Push(new[] { Pop(), b, c }); return true; }
            case 'a': { var item = Pop(); List().Add(item); return true; }
            case 'e': { var items = ToMark(); List().AddRange(items); return true; }
            case 's': { var value = Pop(); var key = Pop(); Dictionary().Set(key, value); return true; }
            case 'u': Fill(ToMark()); return true;
            case '0': Pop(); return true;
            case '1': ToMark(); return true;
            case '2': Push(Peek()); return true;
            default: return false;
        }
    }

    private bool Memo(char opcode)
    {
        switch (opcode)
        {
            case 'q': _memo[Next()] = Peek(); return true;
            case 'r': _memo[Size4()] = Peek(); return true;
            case '\x94': _memo[_memo.Count] = Peek(); return true;
            case 'h': Push(Remembered(Next())); return true;
            case 'j': Push(Remembered(Size4())); return true;
            default: return false;
        }
    }

    private bool Object(char opcode)
    {
        switch (opcode)
        {
            case 'c': { var module = Line(); Push(TorchGlobals.Known(new PickleGlobal(module, Line()))); return true; }
            case '\x93': { var name = Pop() as string; Push(TorchGlobals.Known(new PickleGlobal(Pop() as string ?? "?", name ?? "?"))); return true; }
            case 'R': { var arguments = Tuple(Pop()); Push(TorchGlobals.Call(Pop() as PickleGlobal ?? throw Damaged("it calls what is no function"), arguments)); return true; }
            case 'b': Pop(); if (Peek() is not PickleDictionary) throw Damaged("it sets the state of an object"); return true; // OrderedDict's attributes
            case 'Q': Push(persistent(Tuple(Pop()))); return true;
            default: return false;
        }
    }

    private void Fill(object?[] items)
    {
        if (items.Length % 2 != 0) throw Damaged("a dictionary has a key without a value");
        var dictionary = Dictionary();
        for (var i = 0; i < items.Length; i += 2) dictionary.Set(items[i], items[i + 1]);
    }

    private byte Next() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - _position) throw Damaged("it ends in the middle");
        var taken = bytes.Span.Slice(_position, count);
        _position += count;
        return taken;
    }

    private int Size4() => Bounded(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));

    private int Size8() => Bounded(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)));

    private static int Bounded(ulong size) => size <= int.MaxValue ? (int)size : throw Damaged($"it announces {size} bytes at once");

    private string Text(int count) => Encoding.UTF8.GetString(Take(count));

    private string Line()
    {
        var length = bytes.Span[_position..].IndexOf((byte)'\n');
        if (length is < 0 or > 1000) throw Damaged("a name does not end");
        var line = Text(length);
        _position++;
        return line;
    }

    private static Int128 Long(ReadOnlySpan<byte> little)
    {
        if (little.Length > 16) throw Damaged("it holds a number of more than 16 bytes");
        Int128 number = little.Length > 0 && (sbyte)little[^1] < 0 ? -1 : 0;
        for (var i = little.Length - 1; i >= 0; i--) number = (number << 8) | little[i];
        return number;
    }

    private void Push(object? value) => _stack.Add(value);

    private object? Peek() => _stack.Count > 0 && _stack[^1] != Mark ? _stack[^1] : throw Damaged("its stack runs empty");

    private object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] ToMark()
    {
        var mark = _stack.LastIndexOf(Mark);
        if (mark < 0) throw Damaged("its stack has no mark");
        var items = _stack.GetRange(mark + 1, _stack.Count - mark - 1).ToArray();
        _stack.RemoveRange(mark, _stack.Count - mark);
        return items;
    }

    private List<object?> List() => Peek() as List<object?> ?? throw Damaged("it appends to what is no list");

    private PickleDictionary Dictionary() => Peek() as PickleDictionary ?? throw Damaged("it sets an item of what is no dictionary");

    private static object?[] Tuple(object? value) => value as object?[] ?? throw Damaged("a tuple is missing");

    private object? Remembered(long index) => _memo.TryGetValue(index, out var value) ? value : throw Damaged($"it recalls value {index}, which it never stored");
}
