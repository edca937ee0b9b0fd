using System.Globalization;

namespace Rlhf.Foundation.Jobs;

/// <summary>What started the processes of a job.</summary>
internal enum Launcher
{
    /// <summary>Nothing did: this process works alone.</summary>
    None,

    /// <summary>mpirun of Open MPI.</summary>
    OpenMpi,

    /// <summary>torchrun or scripts/launch.sh, by RANK and WORLD_SIZE.</summary>
    Torchrun,

    /// <summary>srun.</summary>
    Slurm,

    /// <summary>Something that speaks PMIx, which tells a process its rank; MPI knows how many there are.</summary>
    Pmix,

    /// <summary>mpiexec of MPICH, Intel MPI or another relative of theirs.</summary>
    Mpich,
}

/// <summary>Where a process stands among those that were started with it, as its environment says.</summary>
internal sealed record JobPlace(Launcher Launcher, int Rank, int Size)
{
    /// <summary>Among the processes on its machine.</summary>
    public int LocalRank { get; init; }

    /// <summary>The machine of rank 0, where it was told (MASTER_ADDR).</summary>
    public string? Host { get; init; }

    /// <summary>A free port on that machine (MASTER_PORT).</summary>
    public int? Port { get; init; }

    /// <summary>Whether an MPI that is initialised will find the others.</summary>
    public bool HasPmix { get; init; }

    public static JobPlace Here() => Of(Environment.GetEnvironmentVariable);

    /// <summary>Whether this is the process of its job that speaks and writes; variables that make no sense are for another to complain of.</summary>
    public static bool IsFirst()
    {
        try
        {
            return Here().Rank == 0;
        }
        catch (RlhfException)
        {
            return true;
        }
    }

    /// <param name="variable">a variable of the environment; null where there is none</param>
    /// <exception cref="RlhfException">The variables contradict each other.</exception>
    public static JobPlace Of(Func<string, string?> variable)
    {
        int? Number(string name)
        {
            var text = variable(name);
            if (string.IsNullOrEmpty(text)) return null;
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new RlhfException($"{name} is '{text}'; a whole number was expected");
        }

        JobPlace From(Launcher launcher, string rank, string size, string local)
        {
            var place = new JobPlace(launcher, Number(rank) ?? throw new RlhfException($"{size} is set and {rank} is not; start the processes with scripts/launch.sh, mpirun, srun or torchrun"), Number(size)!.Value)
            {
                LocalRank = Number(local) ?? 0, Host = Text("MASTER_ADDR"), Port = Number("MASTER_PORT"), HasPmix = Text("PMIX_RANK") is not null || Text("OMPI_COMM_WORLD_RANK") is not null,
            };
            return place.Size >= 1 && place.Rank >= 0 && place.Rank < place.Size ? place : throw new RlhfException($"{rank} is {place.Rank} and {size} is {place.Size}; ranks count from 0 to one below the size");
        }

        string? Text(string name) => variable(name) is { Length: > 0 } text ? text : null;

        if (Text("OMPI_COMM_WORLD_SIZE") is not null) return From(Launcher.OpenMpi, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK");
        if (Text("WORLD_SIZE") is not null) return From(Launcher.Torchrun, "RANK", "WORLD_SIZE", "LOCAL_RANK");
        // SLURM_NTASKS stands in a batch script's environment too, which is no step of several.
        if (Number("SLURM_STEP_NUM_TASKS") > 1) return From(Launcher.Slurm, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID");
        if (Text("PMIX_RANK") is not null) return new JobPlace(Launcher.Pmix, Number("PMIX_RANK")!.Value, int.MaxValue) { HasPmix = true };
        if (Number("PMI_SIZE") > 1) return From(Launcher.Mpich, "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID");
        return new JobPlace(Launcher.None, 0, 1);
    }
}
