using System.Buffers.Binary;
using System.Text;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// The versions of symbols that a 64-bit ELF library asks of others (System V ABI, and Drepper, "ELF symbol versioning").
/// A library compiled with GCC 13 asks for <c>GLIBCXX_3.4.32</c> on account of one symbol that marks that a header was
/// included; nothing calls it. With that one wish marked weak, a system with an older libstdc++ loads the library.
/// </summary>
internal static class SymbolVersions
{
    private const int LoadSegment = 1, DynamicSegment = 2;
    private const long StringTable = 5, Relocations = 7, RelocationsSize = 8, PltSize = 2, PltRelocations = 23, Versions = 0x6ffffff0, Needs = 0x6ffffffe, NeedsCount = 0x6fffffff;
    private const int RelocationSize = 24;
    private const ushort Weak = 2;

    /// <summary>A copy of the library in which the version is wished for weakly.</summary>
    /// <exception cref="InvalidDataException">The library is none, does not ask for the version, or uses a symbol of it.</exception>
    public static byte[] Weakened(byte[] library, string version)
    {
        try
        {
            var elf = new Elf(library);
            var (at, number) = elf.Need(version);
            if (elf.UsedSymbols().Any(symbol => elf.VersionOf(symbol) == number)) throw new InvalidDataException($"it uses a symbol of {version}");
            var copy = (byte[])library.Clone();
            BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(at + 4), (ushort)(elf.Half(at + 4) | Weak));
            return copy;
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException("it is no ELF library, or is damaged", error);
        }
    }

    private sealed class Elf
    {
        private readonly byte[] _bytes;
        private readonly List<(long Address, long Offset, long Size)> _segments = [];
        private readonly Dictionary<long, long> _dynamic = [];

        public Elf(byte[] bytes)
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
}
