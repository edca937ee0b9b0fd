using System.Text;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.TensorFiles;

public sealed class TorchFileTests
{
    public static TheoryData<string> Formats => ["zip", "legacy"];

    [Theory, MemberData(nameof(Formats))]
    public void Load_FileOfTorchSave_GivesItsTensors(string format)
    {
        using var scope = NewDisposeScope();
        var state = Unpickle(format == "zip" ? PyTorchFiles.Zip : PyTorchFiles.Legacy);
        Assert.Equal(["empty", "flag", "half", "scalar", "tail", "turned", "whole"], state.Keys.Order());
        Assert.Equal([0f, 1, 2, 3, 4, 5], state["whole"].data<float>().ToArray());
        Assert.Equal([3, 2], state["turned"].shape);
        Assert.Equal([0f, 3, 1, 4, 2, 5], state["turned"].data<float>().ToArray());
        Assert.Equal([4f, 5], state["tail"].data<float>().ToArray());
        Assert.Empty(state["scalar"].shape);
        Assert.Equal(7, state["scalar"].item<long>());
        Assert.Equal([true, false], state["flag"].data<bool>().ToArray());
        Assert.Equal(ScalarType.BFloat16, state["half"].dtype);
        Assert.Equal([0.5f, -2f], state["half"].to(ScalarType.Float32).data<float>().ToArray());
        Assert.Equal([0, 3], state["empty"].shape);
    }

    [Theory, MemberData(nameof(Formats))]
    public void Load_SharedStorage_StaysShared(string format)
    {
        using var scope = NewDisposeScope();
        var state = Unpickle(format == "zip" ? PyTorchFiles.Zip : PyTorchFiles.Legacy);
        state["whole"].fill_(9);
        Assert.Equal([9f, 9], state["tail"].data<float>().ToArray());
    }

    [Fact]
    public void Load_Parameter_IsItsTensor()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1.5f, 2.5f], Unpickle(PyTorchFiles.Parameter)["w"].data<float>().ToArray());
    }

    [Fact]
    public void Load_ForeignClass_IsRefusedByNameAndNotRun()
    {
        File.Delete("rlhf-own");
        var error = Assert.Throws<InvalidDataException>(() => Unpickle(PyTorchFiles.Evil));
        Assert.Contains("posix.system", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists("rlhf-own"));
    }

    [Theory]
    [InlineData("torch", "load")]
    [InlineData("builtins", "eval")]
    [InlineData("torch._utils", "_rebuild_tensor_v2x")]
    [InlineData("collections", "Counter")]
    [InlineData("os", "system")]
    public void Load_NameOutsideTheKnown_IsRefused(string module, string name)
    {
        var error = Assert.Throws<InvalidDataException>(() => Unpickle(Legacy($"c{module}\n{name}\n.")));
        Assert.Contains($"{module}.{name}", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<InvalidDataException>(() => Unpickle(Legacy($"\x8c{(char)module.Length}{module}\x8c{(char)name.Length}{name}\x93.")));
        Assert.Contains($"{module}.{name}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("}", "ends in the middle")]
    [InlineData(".", "stack runs empty")]
    [InlineData("t.", "no mark")]
    [InlineData("h\x05.", "recalls value 5")]
    [InlineData("X\xff\xff\xff\xff.", "announces 4294967295 bytes")]
    [InlineData("X\xff\xff\xff\x7f.", "ends in the middle")]
    [InlineData("i.", "opcode 0x69")]
    [InlineData("ccollections\nOrderedDict\n(K\x01tR.", "made of what is no list")]
    [InlineData("ccollections\nOrderedDict\n]b.", "sets the state")]
    [InlineData("}(K\x01u.", "key without a value")]
    [InlineData("})K\x01s.", "neither text nor a number")]
    [InlineData("]K\x01Ns.", "no dictionary")]
    [InlineData("K\x01)R.", "what is no function")]
    [InlineData("(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0\x30X\x03\0\0\0cpuJ\xff\xff\xff\xfftQ.", "-1 numbers")]
    public void Load_BrokenPickle_IsRefusedSayingWhy(string pickle, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() => Unpickle(Legacy(pickle)));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "3", "1", "outside its storage")]              // three of two numbers
    [InlineData(1, "2", "1", "outside its storage")]              // an offset that pushes the last one out
    [InlineData(0, "2", "2", "outside its storage")]              // a stride that does
    [InlineData(0, "1000", "0", "outside its storage")]           // one number a thousand times
    [InlineData(0, "9223372036854775807", "9223372036854775807", "impossible shape")]
    [InlineData(-1, "1", "1", "outside its storage")]
    [InlineData(0, "-2", "1", "negative size")]
    [InlineData(0, "2", "-1", "negative size or stride")]
    public void Load_WindowOutsideItsStorage_IsRefused(int offset, string size, string stride, string reason)
    {
        var tensor = $"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0\x30X\x03\0\0\0cpuK\x02tQ{Long(offset)}({Long(long.Parse(size, null))}t({Long(long.Parse(stride, null))}t\x89)tR";
        var error = Assert.Throws<InvalidDataException>(() => Unpickle(Legacy($"}}X\x01\0\0\0w{tensor}s.")));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(800)]
    [InlineData(1700)]
    public void Load_TruncatedZip_IsRefused(int length) =>
        Assert.Throws<InvalidDataException>(() => Unpickle(PyTorchFiles.Zip[..length]));

    [Theory]
    [InlineData(5)]
    [InlineData(300)]
    [InlineData(960)]
    public void Load_TruncatedLegacy_IsRefused(int length) =>
        Assert.Throws<InvalidDataException>(() => Unpickle(PyTorchFiles.Legacy[..length]));

    [Fact]
    public void Load_OneBitOfAStorageFlipped_IsFoundByTheChecksum()
    {
        var file = PyTorchFiles.Zip;
        var storage = file.AsSpan().IndexOf(new byte[] { 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40 }); // 1, 2 of arange(6)
        file[storage] ^= 1;
        var error = Assert.Throws<InvalidDataException>(() => Unpickle(file));
        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_CompressedArchive_IsRefusedBeforeUnpacking()
    {
        using var stream = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(stream, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("archive/data.pkl", System.IO.Compression.CompressionLevel.Optimal).Open();
            entry.Write(new byte[50_000_000]);
        }

        var file = stream.ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() => Unpickle(file));
        Assert.Contains("compressed", error.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2 << 20);
    }

    /// <summary>Entries that share their bytes, or tensors that share their numbers, would unpack to as many times the file as there are.</summary>
    [Fact]
    public void Read_ArchiveWhoseEntriesOverlap_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("file"), Overlapping(3));
        using var file = new MappedFile(folder.At("file"));

        Assert.Contains("its files overlap", Assert.Throws<InvalidDataException>(() => ZipArchiveIndex.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TensorsThatShareTheirNumbers_AreReadUpToFourTimesTheFile()
    {
        Assert.Equal(3, Unpickle(Shared(3)).Count);

        Assert.Contains("would take more than 4 times the file", Assert.Throws<InvalidDataException>(() => Unpickle(Shared(40))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NeitherZipNorPickle_IsRefused()
    {
        var error = Assert.Throws<InvalidDataException>(() => Unpickle("<html>"u8.ToArray()));
        Assert.Contains("neither a zip archive nor a pickle", error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, Tensor> Unpickle(byte[] file)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("pytorch_model.bin"), file);
        return TorchFile.Load(folder.At("pytorch_model.bin"));
    }

    /// <summary>A legacy file around a pickle of our own, with no storages.</summary>
    private static byte[] Legacy(string pickle) => Encoding.Latin1.GetBytes(
        "\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19." + "\x80\x02M\xe9\x03." + "\x80\x02}X\r\0\0\0little_endian\x88s." + "\x80\x02" + pickle + "\x80\x02].");

    /// <summary>A zip archive of so many stored entries of 1,000 bytes that are the same bytes.</summary>
    private static byte[] Overlapping(int entries)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        void Head(uint signature, byte[] fields)
        {
            writer.Write(signature);
            writer.Write(fields);
        }

        byte[] shared = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. BitConverter.GetBytes(1000), .. BitConverter.GetBytes(1000), 1, 0, 0, 0]; // flags, method, time, date, crc, both sizes, lengths of name and extra
        Head(0x04034b50, [20, 0, .. shared]);
        writer.Write("a"u8);
        writer.Write(new byte[1000]);
        var directory = (int)stream.Position;
        for (var i = 0; i < entries; i++)
        {
            Head(0x02014b50, [20, 0, 20, 0, .. shared, .. new byte[14]]);
            writer.Write((byte)('a' + i));
        }

        var size = (int)stream.Position - directory;
        Head(0x06054b50, [0, 0, 0, 0, (byte)entries, 0, (byte)entries, 0, .. BitConverter.GetBytes(size), .. BitConverter.GetBytes(directory), 0, 0]);
        return stream.ToArray();
    }

    /// <summary>A legacy file of so many tensors that are all of one storage of 4,000 numbers.</summary>
    private static byte[] Shared(int tensors)
    {
        const string Storage = "((X\a\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\00X\x03\0\0\0cpuM\xa0\x0fNtQ";
        var pickle = new StringBuilder("}(");
        for (var i = 0; i < tensors; i++) pickle.Append($"X\x03\0\0\0{i:000}ctorch._utils\n_rebuild_tensor_v2\n{Storage}K\0M\xa0\x0f\x85K\x01\x85\x89}}tR");
        return [.. Encoding.Latin1.GetBytes("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19." + "\x80\x02M\xe9\x03." + "\x80\x02}X\r\0\0\0little_endian\x88s." + "\x80\x02" + pickle + "u." + "\x80\x02]X\x01\0\0\00a."),
            .. BitConverter.GetBytes(4000L), .. new byte[16_000]];
    }

    private static string Long(long number) => "\x8a\x08" + Encoding.Latin1.GetString(BitConverter.GetBytes(number));
}
