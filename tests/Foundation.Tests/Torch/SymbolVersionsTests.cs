using Rlhf.Foundation.Torch;

namespace Rlhf.Foundation.Tests.Torch;

public sealed class SymbolVersionsTests
{
    [Fact]
    public void Weakened_VersionThatNothingUses_IsMarkedAndNothingElseChanges()
    {
        var library = new HandMadeLibrary().Bytes;
        var before = (byte[])library.Clone();

        var copy = SymbolVersions.Weakened(library, HandMadeLibrary.New);

        Assert.Equal(before, library);
        // VER_FLG_WEAK is 2, in the flags of the second wish, which stand 4 bytes behind its beginning.
        Assert.Equal([HandMadeLibrary.NewWish + 4], Enumerable.Range(0, copy.Length).Where(i => copy[i] != library[i]));
        Assert.Equal(2, copy[HandMadeLibrary.NewWish + 4]);
    }

    [Fact]
    public void Weakened_VersionThatIsNotAskedFor_SaysSo()
    {
        var failure = Assert.Throws<InvalidDataException>(() => SymbolVersions.Weakened(new HandMadeLibrary(second: "GLIBCXX_3.4.30").Bytes, HandMadeLibrary.New));

        Assert.Equal("it does not ask for GLIBCXX_3.4.32", failure.Message);
    }

    [Fact]
    public void Weakened_VersionOfASymbolThatIsUsed_IsRefused()
    {
        var failure = Assert.Throws<InvalidDataException>(() => SymbolVersions.Weakened(new HandMadeLibrary(used: 2).Bytes, HandMadeLibrary.New));

        Assert.Equal("it uses a symbol of GLIBCXX_3.4.32", failure.Message);
    }

    [Fact]
    public void Weakened_FileCutAnywhere_IsNeverTakenForWhole()
    {
        var library = new HandMadeLibrary().Bytes;
        for (var length = 0; length < library.Length; length++)
        {
            var cut = library[..length];
            Assert.Throws<InvalidDataException>(() => SymbolVersions.Weakened(cut, HandMadeLibrary.New));
        }
    }

    [Fact]
    public void Weakened_FileOfAnotherKind_IsNone()
    {
        var failure = Assert.Throws<InvalidDataException>(() => SymbolVersions.Weakened("MZ, a program for Windows"u8.ToArray(), HandMadeLibrary.New));

        Assert.Equal("it is no 64-bit ELF library", failure.Message);
    }

    [Fact]
    public void Weakened_TorchSharpsLibrary_DiffersInOneByte()
    {
        var library = File.ReadAllBytes(LibtorchFolder.Own("libLibTorchSharp.so")!);

        var copy = SymbolVersions.Weakened(library, WrapperCopy.MissingVersion);

        Assert.Equal(1, Enumerable.Range(0, copy.Length).Count(i => copy[i] != library[i]));
    }

    [Fact]
    public void Wanted_SymbolsThatNothingRefersToOrThatMayBeMissing_AreNotAmongThem()
    {
        Assert.Equal(["call"], ElfLibrary.Read(new HandMadeLibrary(used: 1).Bytes, elf => elf.Wanted()));
        Assert.Equal(["mark"], ElfLibrary.Read(new HandMadeLibrary(used: 2).Bytes, elf => elf.Wanted()));
        Assert.Empty(ElfLibrary.Read(new HandMadeLibrary(used: 1).WithWeak(1).Bytes, elf => elf.Wanted()));
    }

    [Fact]
    public void Wanted_TorchSharpsLibrary_AsksForTensors()
    {
        var wanted = ElfLibrary.Read(File.ReadAllBytes(LibtorchFolder.Own("libLibTorchSharp.so")!), elf => elf.Wanted());

        Assert.Contains("malloc", wanted);
        Assert.True(wanted.Count(name => name.Contains("2at", StringComparison.Ordinal)) > 500, "most of what it calls is libtorch's");
        Assert.Empty(Libtorch.MissingFunctions);
    }
}
