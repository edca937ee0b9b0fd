using System.Buffers.Binary;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// The versions of symbols that a library asks of others. One compiled with GCC 13 asks for <c>GLIBCXX_3.4.32</c> on account
/// of one symbol that marks that a header was included; nothing calls it. With that one wish marked weak, a system with an
/// older libstdc++ loads the library.
/// </summary>
internal static class SymbolVersions
{
    private const ushort Weak = 2;

    /// <summary>A copy of the library in which the version is wished for weakly.</summary>
    /// <exception cref="InvalidDataException">The library is none, does not ask for the version, or uses a symbol of it.</exception>
    public static byte[] Weakened(byte[] library, string version) => ElfLibrary.Read(library, elf =>
    {
        var (at, number) = elf.Need(version);
        if (elf.UsedSymbols().Any(symbol => elf.VersionOf(symbol) == number)) throw new InvalidDataException($"it uses a symbol of {version}");
        var copy = (byte[])library.Clone();
        BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(at + 4), (ushort)(elf.Half(at + 4) | Weak));
        return copy;
    });
}
