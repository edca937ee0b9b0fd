using System.Runtime.CompilerServices;
using Rlhf.Foundation.Jobs;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Tests.Jobs;

/// <summary>What the C interfaces of MPI and NCCL are taken to be, against their headers.</summary>
public sealed class LibraryTests
{
    [Theory]
    [InlineData("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022", true, null)]
    [InlineData("Open MPI v5.0.3, package: Open MPI", true, null)]
    [InlineData("Open MPI v3.1.6, package: Open MPI", true, "is Open MPI v3.1.6, which is too old")]
    [InlineData("MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7", false, "is MPICH Version:\t4.0.2, whose calls are others than Open MPI's")]
    [InlineData("Intel(R) MPI Library 2021.9 for Linux* OS", false, "is Intel(R) MPI Library 2021.9 for Linux* OS, whose calls are others than Open MPI's")]
    [InlineData("", false, "is no Open MPI, whose calls are others than Open MPI's")]
    public void Wrong_KindOrAge_IsNamed(string version, bool hasConstants, string? expected) => Assert.Equal(expected, MpiLibrary.Wrong(version, hasConstants));

    [Fact]
    public void Load_OpenMpiOfTheMachine_HasAllThatIsCalled()
    {
        Assert.SkipUnless(System.Runtime.InteropServices.NativeLibrary.TryLoad("libmpi.so.40", out _), "Open MPI is not on this machine: apt-get install libopenmpi3");

        var mpi = MpiLibrary.Load();

        Assert.All([mpi.World, mpi.ErrorsReturn, mpi.Float, mpi.Double, mpi.Int64, mpi.Byte, mpi.Sum], constant => Assert.NotEqual(0, constant));
    }

    // nccl.h: NCCL_UNIQUE_ID_BYTES, ncclDataType_t, ncclRedOp_t.
    [Fact]
    public void Nccl_TypesAndNumbers_AreItsHeaders()
    {
        Assert.Equal(128, Unsafe.SizeOf<NcclUniqueId>());
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], new[] { NcclType.Int8, NcclType.UInt8, NcclType.Int32, NcclType.UInt32, NcclType.Int64, NcclType.UInt64, NcclType.Float16, NcclType.Float32, NcclType.Float64, NcclType.BFloat16 }.Select(type => (int)type));
        Assert.Equal([0, 1, 2, 3, 4], new[] { NcclOperation.Sum, NcclOperation.Product, NcclOperation.Maximum, NcclOperation.Minimum, NcclOperation.Mean }.Select(operation => (int)operation));
        Assert.Equal(NcclType.BFloat16, NcclEngine.TypeOf(ScalarType.BFloat16));
        Assert.Throws<ArgumentOutOfRangeException>(() => NcclEngine.TypeOf(ScalarType.Bool));
    }

    [Fact]
    public void Nccl_UniqueId_TravelsAsItsBytes()
    {
        byte[] bytes = [.. Enumerable.Range(0, NcclUniqueId.Length).Select(i => (byte)(255 - i))];

        Assert.Equal(bytes, NcclUniqueId.Of(bytes).ToArray());
    }
}
