namespace Rlhf.Foundation.Data;

/// <summary>Whether a record of Thrift's compact protocol lies within its bytes: every text, list and record of it.</summary>
internal ref struct ThriftBounds
{
    private const int Deepest = 32;

    private ReadOnlySpan<byte> _rest;

    /// <exception cref="InvalidDataException">It does not.</exception>
    public static void Check(ReadOnlySpan<byte> record)
    {
        var bounds = new ThriftBounds { _rest = record };
        bounds.Record(0);
    }

    private void Record(int depth)
    {
        for (var head = Byte(); head != 0; head = Byte())
        {
            if (head >> 4 == 0) Number();
            var isFlag = (head & 15) is 1 or 2; // its value is its type
            if (!isFlag) Value(head & 15, depth);
        }
    }

    private void Value(int type, int depth)
    {
        if (depth > Deepest) throw new InvalidDataException("its parts lie in each other too deep");
        switch (type)
        {
            case 1 or 2 or 3: Skip(1); break;
            case 4 or 5 or 6: Number(); break;
            case 7: Skip(sizeof(double)); break;
            case 8: Skip(Number()); break;
            case 9 or 10:
                var head = Byte();
                for (var count = head >> 4 == 15 ? Number() : (ulong)(head >> 4); count > 0; count--) Value(head & 15, depth + 1);
                break;
            case 12: Record(depth + 1); break;
            default: throw new InvalidDataException($"a part of it is of a type {type}, which Parquet does not have");
        }
    }

    private ulong Number()
    {
        var number = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Byte();
            number |= (ulong)(part & 127) << shift;
            if (part < 128) return number;
        }

        throw new InvalidDataException("a number of it has more than 64 bits");
    }

    private byte Byte()
    {
        var first = _rest.IsEmpty ? throw TooShort() : _rest[0];
        _rest = _rest[1..];
        return first;
    }

    private void Skip(ulong count) => _rest = count > (ulong)_rest.Length ? throw TooShort() : _rest[(int)count..];

    private static InvalidDataException TooShort() => new("it ends too early");
}
