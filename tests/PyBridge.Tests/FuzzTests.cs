using Rlhf.TestSupport;
using TorchSharp;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace PyBridge.Tests;

/// <summary>Damaged files are read right or refused with InvalidDataException, quickly and in little memory.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Inputs = 4000;

    [Fact]
    public void Safetensors_DamagedFiles_AreReadOrRefused()
    {
        using var scope = NewDisposeScope();
        var file = new MemoryStream();
        Safetensors.SaveStateDict(file, new() { ["first.weight"] = rand(4, 3), ["second"] = ones([2], ScalarType.BFloat16), ["third"] = arange(3) }, leaveOpen: true);
        Survives(11, [file.ToArray()], bytes => Safetensors.LoadStateDict(new MemoryStream(bytes)));
    }

    [Fact]
    public void ZipPickles_DamagedFiles_AreReadOrRefused() =>
        Survives(12, [PyTorchFiles.Zip, PyTorchFiles.Parameter], bytes => PyTorchUnpickler.UnpickleStateDict(new MemoryStream(bytes)));

    [Fact]
    public void LegacyPickles_DamagedFiles_AreReadOrRefused() =>
        Survives(13, [PyTorchFiles.Legacy, PyTorchFiles.Evil], bytes => PyTorchUnpickler.UnpickleStateDict(new MemoryStream(bytes)));

    private void Survives(int seed, byte[][] originals, Action<byte[]> read)
    {
        var report = new MutationFuzzer(seed, originals).Run(0, Inputs, bytes =>
        {
            using var scope = NewDisposeScope();
            read(bytes);
        }, typeof(InvalidDataException));
        output.WriteLine(report.ToString());
        Assert.Empty(report.Failures);
        Assert.True(report.Rejected > Inputs / 4);
    }
}
