using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.TensorFiles;

/// <summary>Damaged files are read right or refused with InvalidDataException, quickly and in little memory.</summary>
public sealed class FuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int Inputs = 4000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Safetensors_DamagedFiles_AreReadOrRefused()
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Save(_folder.At("whole"), new Dictionary<string, Tensor> { ["first.weight"] = rand(4, 3), ["second"] = ones([2], ScalarType.BFloat16), ["third"] = arange(3) });
        Survives(11, [File.ReadAllBytes(_folder.At("whole"))], path => SafetensorsFile.Load(path));
    }

    [Fact]
    public void ZipPickles_DamagedFiles_AreReadOrRefused() => Survives(12, [PyTorchFiles.Zip, PyTorchFiles.Parameter], path => TorchFile.Load(path));

    [Fact]
    public void LegacyPickles_DamagedFiles_AreReadOrRefused() => Survives(13, [PyTorchFiles.Legacy, PyTorchFiles.Evil], path => TorchFile.Load(path));

    private void Survives(int seed, byte[][] originals, Action<string> read)
    {
        var path = _folder.At("damaged");
        var report = new MutationFuzzer(seed, originals).Run(0, Inputs, bytes =>
        {
            using var scope = NewDisposeScope();
            File.WriteAllBytes(path, bytes);
            read(path);
        }, typeof(InvalidDataException));
        output.WriteLine(report.ToString());
        Assert.Empty(report.Failures);
        Assert.True(report.Rejected > Inputs / 4);
    }
}
