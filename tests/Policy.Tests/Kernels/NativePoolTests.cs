using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Tests.Kernels;

public sealed class NativePoolTests
{
    private readonly NativePool _pool = new();

    [Fact]
    public void Rent_WhatIsFree_IsLentAgain()
    {
        var first = _pool.Rent(1_000_000);
        _pool.Return(first);

        Assert.Same(first, _pool.Rent(900_000));
        Assert.Equal(0, _pool.Free);
    }

    [Fact]
    public void Rent_FarLess_LeavesTheLargeOneToOthers()
    {
        _pool.Return(_pool.Rent(1_000_000));

        Assert.InRange(_pool.Rent(100_000).Count, 100_000, 200_000);
        Assert.True(_pool.Free >= 1_000_000);
    }

    [Fact]
    public void Rent_SizesThatGrow_AreNotKeptBesideEachOther()
    {
        var most = 0L;
        for (var size = 100_000.0; size < 2_000_000; size *= 1.2)
        {
            _pool.Return(_pool.Rent((long)size));
            most = (long)size;
        }

        // One for each doubling: 1 + 1/2 + 1/4 + …, and an eighth to spare.
        Assert.InRange(_pool.Free, most, 2.25 * most);
    }
}
