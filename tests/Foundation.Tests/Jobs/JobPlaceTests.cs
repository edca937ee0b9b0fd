using Rlhf.Foundation.Jobs;

namespace Rlhf.Foundation.Tests.Jobs;

public sealed class JobPlaceTests
{
    [Theory]
    [InlineData("", Launcher.None, 0, 1, 0)]
    [InlineData("OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_LOCAL_RANK=1", Launcher.OpenMpi, 3, 4, 1)]
    [InlineData("WORLD_SIZE=2 RANK=1 LOCAL_RANK=1 MASTER_ADDR=node1 MASTER_PORT=29500", Launcher.Torchrun, 1, 2, 1)]
    [InlineData("SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=5 SLURM_LOCALID=1 SLURM_NTASKS=8", Launcher.Slurm, 5, 8, 1)]
    [InlineData("PMI_SIZE=2 PMI_RANK=1", Launcher.Mpich, 1, 2, 0)]
    // A batch script that starts the program itself is one process, whatever the job was given.
    [InlineData("SLURM_NTASKS=4 SLURM_PROCID=0", Launcher.None, 0, 1, 0)]
    [InlineData("SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 SLURM_NTASKS=4", Launcher.None, 0, 1, 0)]
    // mpirun inside an allocation of Slurm's.
    [InlineData("OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1 SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0", Launcher.OpenMpi, 1, 2, 0)]
    public void Of_WhatStartedIt_TellsRankAndSize(string variables, object launcher, int rank, int size, int local)
    {
        var place = JobPlace.Of(Of(variables));

        Assert.Equal(((Launcher)launcher, rank, size, local), (place.Launcher, place.Rank, place.Size, place.LocalRank));
    }

    [Fact]
    public void Of_Torchrun_TellsWhereRankZeroIs()
    {
        var place = JobPlace.Of(Of("WORLD_SIZE=2 RANK=1 MASTER_ADDR=node1 MASTER_PORT=29500"));

        Assert.Equal(("node1", 29500, false), (place.Host, place.Port, place.HasPmix));
        Assert.True(JobPlace.Of(Of("PMIX_RANK=1")).HasPmix);
    }

    [Theory]
    [InlineData("WORLD_SIZE=2", "WORLD_SIZE is set and RANK is not; start the processes with scripts/launch.sh, mpirun, srun or torchrun")]
    [InlineData("WORLD_SIZE=2 RANK=2", "RANK is 2 and WORLD_SIZE is 2; ranks count from 0 to one below the size")]
    [InlineData("WORLD_SIZE=two RANK=0", "WORLD_SIZE is 'two'; a whole number was expected")]
    public void Of_Contradiction_IsOneLine(string variables, string line) =>
        Assert.Equal(line, Assert.Throws<RlhfException>(() => JobPlace.Of(Of(variables))).Message);

    private static Func<string, string?> Of(string variables)
    {
        var pairs = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return pairs.GetValueOrDefault;
    }
}
