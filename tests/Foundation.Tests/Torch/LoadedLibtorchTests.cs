using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Tests.Torch;

/// <summary>The libtorch that this process found for itself; <see cref="LoaderTests"/> runs these in others that find another.</summary>
public sealed class LoadedLibtorchTests
{
    [Fact]
    public void Product_OfThisProcess_IsRight()
    {
        using var scope = NewDisposeScope();
        var product = mm(tensor(new float[] { 1, 2, 3, 4 }).reshape(2, 2), tensor(new float[] { 5, 6, 7, 8 }).reshape(2, 2));

        Assert.Equal([19, 22, 43, 50], product.data<float>().ToArray());
    }

    [Fact]
    public void Version_OfThisProcess_IsOneThatTorchSharpReads()
    {
        Assert.Equal(2, Libtorch.Version.Major);
        Assert.InRange(Libtorch.Version.Minor, 10, 11);
    }

    /// <summary>A distribution's libtorch is found by name, where one asks by name; two of them in one process read each other's tensors wrong.</summary>
    [Fact]
    public void Libraries_OfThisProcess_AreOfOneFolder()
    {
        _ = Libtorch.Version;
        var folders = File.ReadLines("/proc/self/maps").Select(line => line[(line.IndexOf('/', StringComparison.Ordinal) is var at and >= 0 ? at : line.Length)..])
            .Where(path => Path.GetFileName(path).StartsWith("libtorch", StringComparison.Ordinal)).Select(Path.GetDirectoryName).Distinct();

        Assert.Equal([Libtorch.Load().Path], folders);
    }
}
