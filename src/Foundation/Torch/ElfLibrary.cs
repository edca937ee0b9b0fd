using System.Buffers.Binary;
using System.Text;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// A 64-bit ELF library (System V ABI; Drepper, "ELF symbol versioning"), as far as its dynamic section leads: the versions
/// and the symbols that it asks of others.
/// </summary>
internal sealed class ElfLibrary
{
    private const int LoadSegment = 1, DynamicSegment = 2;
    private const long StringTable = 5, SymbolTable = 6, Relocations = 7, RelocationsSize = 8, PltSize = 2, PltRelocations = 23, Versions = 0x6ffffff0, Needs = 0x6ffffffe, NeedsCount = 0x6fffffff;
    private const int RelocationSize = 24, SymbolSize = 24;

    private readonly byte[] _bytes;
    private readonly List<(long Address, long Offset, long Size)> _segments = [];
    private readonly Dictionary<long, long> _dynamic = [];

    private ElfLibrary(byte[] bytes)
    {
        _bytes = bytes;
        if (!bytes.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8)) throw new InvalidDataException("it is no 64-bit ELF library");
        int table = checked((int)Long(32)), size = Half(54), count = Half(56);
        for (var i = 0; i < count; i++)
        {
            var at = table + i * size;
            if (Int(at) == LoadSegment) _segments.Add((Long(at + 16), Long(at + 8), Long(at + 32)));
            if (Int(at) == DynamicSegment) ReadDynamic(checked((int)Long(at + 8)));
        }
    }

    /// <summary>What can be read of a library.</summary>
    /// <exception cref="InvalidDataException">It is none, or is damaged.</exception>
    public static T Read<T>(byte[] bytes, Func<ElfLibrary, T> reader)
    {
        try
        {
            return reader(new ElfLibrary(bytes));
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException("it is no ELF library, or is damaged", error);
        }
    }

    /// <summary>The symbols that it uses and other libraries have to have; what it can do without is not among them.</summary>
    public IReadOnlyList<string> Wanted()
    {
        const int WeakBinding = 2, Undefined = 0;
        var table = Offset(_dynamic[SymbolTable]);
        return [.. UsedSymbols().Where(symbol => symbol > 0).Distinct().Select(symbol => checked(table + symbol * SymbolSize))
            .Where(at => _bytes[at + 4] >> 4 != WeakBinding && Half(at + 6) == Undefined).Select(at => Text(Int(at)))];
    }

    /// <summary>Where the wish for a version stands, and the number that symbols have it by.</summary>
    public (int At, ushort Number) Need(string version)
    {
        var file = Offset(_dynamic[Needs]);
        for (var i = 0L; i < _dynamic[NeedsCount]; i++)
        {
            var wish = checked(file + Int(file + 8));
            for (int j = 0, count = Half(file + 2); j < count; j++)
            {
                if (Text(Int(wish + 8)) == version) return (wish, Half(wish + 6));
                wish = checked(wish + Int(wish + 12));
            }

            if (Int(file + 12) == 0) break;
            file = checked(file + Int(file + 12));
        }

        throw new InvalidDataException($"it does not ask for {version}");
    }

    /// <summary>The symbols that some relocation refers to.</summary>
    public IEnumerable<int> UsedSymbols() => Symbols(Relocations, RelocationsSize).Concat(Symbols(PltRelocations, PltSize));

    public ushort VersionOf(int symbol) => Half(checked(Offset(_dynamic[Versions]) + 2 * symbol));

    public ushort Half(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(at, 2));

    private IEnumerable<int> Symbols(long table, long size)
    {
        if (!_dynamic.TryGetValue(table, out var address)) yield break;
        var start = Offset(address);
        for (var at = start; at < start + _dynamic[size]; at += RelocationSize) yield return checked((int)(Long(at + 8) >> 32));
    }

    private void ReadDynamic(int at)
    {
        for (; Long(at) != 0; at += 16) _dynamic.TryAdd(Long(at), Long(at + 8));
    }

    private string Text(int at)
    {
        var rest = _bytes.AsSpan(checked(Offset(_dynamic[StringTable]) + at));
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private int Offset(long address)
    {
        var segment = _segments.First(one => address >= one.Address && address < one.Address + one.Size);
        return checked((int)(segment.Offset + address - segment.Address));
    }

    private int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(at, 4));

    private long Long(int at) => BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(at, 8));
}
