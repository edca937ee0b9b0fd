using System.Text;
using Rlhf.Foundation;
using Rlhf.Policies.TensorFiles;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.TensorFiles;

public sealed class SafetensorsFileTests
{
    [Fact]
    public void Load_HandBuiltFile_GivesItsNumbers()
    {
        using var scope = NewDisposeScope();
        var file = Build("""{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]},"c":{"dtype":"I64","shape":[0,5],"data_offsets":[10,10]}}""",
            [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0x40, 0x40]); // 1, -2; 3 as bfloat16
        var state = Load(file);
        Assert.Equal([1f, -2f], state["a"].data<float>().ToArray());
        Assert.Equal([2, 1], state["a"].shape);
        Assert.Equal(3f, state["b"].to(ScalarType.Float32).item<float>());
        Assert.Empty(state["b"].shape);
        Assert.Equal([0, 5], state["c"].shape);
    }

    [Fact]
    public void Save_EveryType_ReadsBackBitwise()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.At("model.safetensors");
        var state = new Dictionary<string, Tensor>();
        foreach (var type in (ScalarType[])[ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool])
            state[$"as {type} \"ü\""] = arange(6, dtype: ScalarType.Float32).view(2, 3).sub(1).to(type).t();
        SafetensorsFile.Save(path, state);

        var loaded = SafetensorsFile.Load(path);
        Assert.Equal(state.Keys.Order(), loaded.Keys.Order());
        foreach (var (name, tensor) in state)
        {
            Assert.Equal(tensor.dtype, loaded[name].dtype);
            Assert.Equal(tensor.shape, loaded[name].shape);
            Assert.Equal(tensor.contiguous().bytes.ToArray(), loaded[name].bytes.ToArray());
        }
    }

    [Fact]
    public void Save_FailureHalfWay_LeavesTheOldFileAlone()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.At("model.safetensors");
        SafetensorsFile.Save(path, new Dictionary<string, Tensor> { ["w"] = ones(3) });
        var before = File.ReadAllBytes(path);
        var gone = ones(2);
        gone.Dispose();
        Assert.ThrowsAny<InvalidOperationException>(() => SafetensorsFile.Save(path, new Dictionary<string, Tensor> { ["w"] = zeros(5), ["gone"] = gone }));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Save_ShorterThanTheOldFile_LeavesNoTail()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.At("model.safetensors");
        SafetensorsFile.Save(path, new Dictionary<string, Tensor> { ["w"] = ones(1000) });
        SafetensorsFile.Save(path, new Dictionary<string, Tensor> { ["w"] = ones(1) });
        Assert.Equal([1], SafetensorsFile.Load(path)["w"].shape);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "takes 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, "but the data has 3 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "accounts for 4 bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "overlaps or holes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "overlaps or holes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}""", 0, "no whole number")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}""", 1, "lies at 1 to 0")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""", 1, "more than 2 numbers")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "F8_E4M3")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "impossible shape")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}""", 1, "more than 16 numbers")]
    [InlineData("""{"a":{"dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8]}}""", 8, "takes 18446744073709551624 bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1]}}""", 1, "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":[[[[[[[[[[1]]]]]]]]]]}""", 0, "not an object")]
    [InlineData("""{"a":{"dtype":{"x":{"x":{"x":{"x":{"x":{"x":{"x":1}}}}}}}}}""", 0, "header is not the JSON")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}x""", 1, "header is not the JSON")]
    [InlineData("[1,2]", 0, "not a JSON object")]
    [InlineData("{", 0, "header is not the JSON")]
    public void Load_HostileHeader_IsRefusedSayingWhy(string header, int dataBytes, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() => Load(Build(header, new byte[dataBytes])));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 }, "3 bytes")]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 }, "18446744073709551615 bytes, but 1 follow")]
    [InlineData(new byte[] { 100, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}' }, "100 bytes, but 2 follow")]
    public void Load_HeaderLengthBeyondTheFile_IsRefused(byte[] file, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() => Load(file));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_GiganticSizesInASmallFile_AllocateNothing()
    {
        var file = Build("""{"a":{"dtype":"F64","shape":[1000000000000],"data_offsets":[0,8000000000000]}}""", [1]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => Load(file));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Save_EveryType_IsWhatPyBridgeReads_AndTheOtherWayRound()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var state = new Dictionary<string, Tensor> { ["a"] = rand(3, 4), ["b"] = ones([2], ScalarType.BFloat16), ["c"] = arange(5), ["d"] = tensor(true) };
        SafetensorsFile.Save(folder.At("ours"), state);
        Safetensors.SaveStateDict(folder.At("theirs"), state);
        foreach (var read in new[] { Safetensors.LoadStateDict(folder.At("ours")), SafetensorsFile.Load(folder.At("theirs")), StateFile.Load(folder.At("theirs")) })
        {
            Assert.Equal(state.Keys, read.Keys.Order());
            Assert.All(state, one => Assert.Equal(one.Value.bytes.ToArray(), read[one.Key].bytes.ToArray()));
        }
    }

    [Fact]
    public void StateFile_SaidToHoldMoreThanItDoes_IsRefusedWithThePath()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("optimizer.safetensors"), Build("""{"a":{"dtype":"F32","shape":[400000000],"data_offsets":[0,1600000000]}}""", [1]));
        var error = Assert.Throws<RlhfException>(() => StateFile.Load(folder.At("optimizer.safetensors")));
        Assert.Contains("optimizer.safetensors: not a whole safetensors file", error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, Tensor> Load(byte[] file)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("model.safetensors"), file);
        return SafetensorsFile.Load(folder.At("model.safetensors"));
    }

    internal static byte[] Build(string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data];
    }
}
