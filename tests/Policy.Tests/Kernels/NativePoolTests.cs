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
    public void Rent_FarLess_TakesWhatIsThereAndTheSmallestOfIt()
    {
        var (large, small) = (_pool.Rent(1_000_000), _pool.Rent(200_000));
        _pool.Return(large);
        Assert.Same(large, _pool.Rent(100_000));
        _pool.Return(large);
        _pool.Return(small);

        Assert.Same(small, _pool.Rent(100_000));
        Assert.Same(large, _pool.Rent(100_000));
    }

    [Fact]
    public void Rent_MoreThanThereIs_GivesBackWhatTheNewOneServesAsWell()
    {
        for (var size = 100_000; size < 2_000_000; size *= 2) _pool.Return(_pool.Rent(size));

        Assert.InRange(_pool.Free, 1_600_000, 1_900_000);
    }
}
