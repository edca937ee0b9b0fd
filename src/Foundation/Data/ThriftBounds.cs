namespace Rlhf.Foundation.Data;

/// <summary>
/// Whether a record of Thrift's compact protocol lies within its bytes, every text, list and record of it, and has the types that
/// Parquet.Net reads it by.
/// </summary>
internal ref struct ThriftBounds
{
    private const int Flag = 1, OtherFlag = 2, Byte = 3, FirstNumber = 4, LastNumber = 6, Real = 7, Text = 8, List = 9, Record = 12;

    // Of lists in lists, which only what is new to the format has.
    private const int Deepest = 32;

    private ReadOnlySpan<byte> _rest;
    private int _depth;

    /// <param name="name">one of <see cref="ParquetShapes"/></param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="EndOfStreamException">It goes on behind them.</exception>
    public static void Check(ReadOnlySpan<byte> record, string name)
    {
        var bounds = new ThriftBounds { _rest = record };
        bounds.Fields(name);
    }

    /// <summary>Whether a whole record is there, with more bytes behind it or not.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static bool Holds(ReadOnlySpan<byte> beginning, string name)
    {
        try
        {
            Check(beginning, name);
            return true;
        }
        catch (EndOfStreamException)
        {
            return false;
        }
    }

    private void Fields(string name)
    {
        short number = 0;
        for (var head = Next(); head != 0; head = Next())
        {
            number = head >> 4 == 0 ? (short)ZigZag(Number()) : (short)(number + (head >> 4));
            var field = ParquetShapes.Of(name, number);
            var type = head & 15;
            if (field.IsList)
            {
                if (type != List) throw Mistyped(name, number);
                Elements(name, number, field);
            }
            else if (type is not (Flag or OtherFlag)) Value(name, number, field, type);
            else if (field.Kind is not (ParquetFieldKind.Flag or ParquetFieldKind.Unknown)) throw Mistyped(name, number); // a flag's value is its type
        }
    }

    private void Elements(string name, short number, ParquetField field)
    {
        if (++_depth > Deepest) throw new InvalidDataException("its parts lie in each other too deep");
        var head = Next();
        for (var count = head >> 4 == 15 ? Length() : head >> 4; count > 0; count--) Value(name, number, field, head & 15);
        _depth--;
    }

    private void Value(string name, short number, ParquetField field, int type)
    {
        var fits = field.Kind switch
        {
            ParquetFieldKind.Byte => type == Byte,
            ParquetFieldKind.Number => type is >= FirstNumber and <= LastNumber,
            ParquetFieldKind.Real => type == Real,
            ParquetFieldKind.Text => type == Text,
            ParquetFieldKind.Record => type == Record,
            // What is new to the format is passed over; not records and flags in lists, whose insides the package would take for what follows.
            ParquetFieldKind.Unknown => type is >= Byte and <= List,
            _ => false,
        };
        if (!fits) throw Mistyped(name, number);
        switch (type)
        {
            case Byte: Skip(1); break;
            case Real: Skip(sizeof(double)); break;
            case Text: Skip(Length()); break;
            case List: Elements(name, number, default); break;
            case Record: Fields(field.Of); break;
            default: Number(); break;
        }
    }

    private ulong Number()
    {
        var number = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Next();
            number |= (ulong)(part & 127) << shift;
            if (part < 128) return number;
        }

        throw new InvalidDataException("a number of it has more than 64 bits");
    }

    // The package reads five bytes of it and wraps what is beyond.
    private int Length()
    {
        var before = _rest.Length;
        var length = Number();
        return length <= int.MaxValue && before - _rest.Length <= 5 ? (int)length : throw new InvalidDataException("a length of it has more than 31 bits");
    }

    private static long ZigZag(ulong number) => (long)(number >> 1) ^ -(long)(number & 1);

    private byte Next()
    {
        var first = _rest.IsEmpty ? throw TooShort() : _rest[0];
        _rest = _rest[1..];
        return first;
    }

    private void Skip(int count) => _rest = count > _rest.Length ? throw TooShort() : _rest[count..];

    private static EndOfStreamException TooShort() => new("it ends too early");

    private static InvalidDataException Mistyped(string name, short number) => new($"field {number} of its {name} is of a type that it does not have there");
}
