using System.Buffers.Binary;
using System.Text;

namespace Rlhf.Foundation.Tests.Torch;

/// <summary>
/// The least of an ELF library that has wishes: a header, two segments, a dynamic section, names, three symbols with their
/// versions, one wish of two versions, and one relocation without its addend, which nobody reads. Cut shorter it lacks something.
/// </summary>
internal sealed class HandMadeLibrary
{
    public const string Known = "GLIBC_2.2.5", New = "GLIBCXX_3.4.32";
    public const int KnownWish = 432, NewWish = 448;

    private const int Segments = 64, Dynamic = 176, Names = 300, Symbols = 336, SymbolVersions = 408, Wishes = 416, Relocation = 464, End = 480;
    private const int KnownNumber = 2, NewNumber = 3;
    private readonly byte[] _bytes = new byte[End];

    /// <param name="used">1: the symbol of the known version, "call"; 2: that of the new one, "mark"</param>
    /// <param name="second">the version that the second wish names</param>
    public HandMadeLibrary(int used = 1, string second = New)
    {
        "\u007fELF\u0002\u0001"u8.CopyTo(_bytes);
        Long(32, Segments);
        Half(54, 56);
        Half(56, 2);
        // One segment holds everything, 0x1000 above its place in the file; the other is the dynamic section.
        Int(Segments, 1);
        Long(Segments + 16, 0x1000);
        Long(Segments + 32, End);
        Int(Segments + 56, 2);
        Long(Segments + 56 + 8, Dynamic);

        var names = $"\0call\0mark\0{Known}\0{second}\0";
        Encoding.ASCII.GetBytes(names, _bytes.AsSpan(Names));
        (long Tag, long Value)[] entries = [(5, Names + 0x1000), (6, Symbols + 0x1000), (0x6ffffff0, SymbolVersions + 0x1000), (0x6ffffffe, Wishes + 0x1000), (0x6fffffff, 1), (7, Relocation + 0x1000), (8, 24)];
        for (var i = 0; i < entries.Length; i++)
        {
            Long(Dynamic + 16 * i, entries[i].Tag);
            Long(Dynamic + 16 * i + 8, entries[i].Value);
        }

        foreach (var (i, name) in new[] { "call", "mark" }.Index())
        {
            Int(Symbols + 24 * (i + 1), names.IndexOf(name, StringComparison.Ordinal));
            _bytes[Symbols + 24 * (i + 1) + 4] = 0x12; // global, a function, defined elsewhere
            Half(SymbolVersions + 2 * (i + 1), (ushort)(i == 0 ? KnownNumber : NewNumber));
        }

        // One other library of which two versions are wished for.
        Half(Wishes + 2, 2);
        Int(Wishes + 8, KnownWish - Wishes);
        Wish(KnownWish, KnownNumber, names.IndexOf(Known, StringComparison.Ordinal), NewWish - KnownWish);
        Wish(NewWish, NewNumber, names.LastIndexOf(second, StringComparison.Ordinal), 0);
        Long(Relocation + 8, (long)used << 32);
    }

    public byte[] Bytes => _bytes;

    /// <summary>Makes a symbol one that the library can do without.</summary>
    public HandMadeLibrary WithWeak(int symbol)
    {
        _bytes[Symbols + 24 * symbol + 4] = 0x22;
        return this;
    }

    private void Wish(int at, ushort number, int name, int next)
    {
        Half(at + 6, number);
        Int(at + 8, name);
        Int(at + 12, next);
    }

    private void Half(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(at), value);

    private void Int(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(at), value);

    private void Long(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(at), value);
}
