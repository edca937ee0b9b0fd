using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rlhf.Cli.Shell;
using Rlhf.Foundation;
using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Cli.Commands;

/// <summary>The doctor's examinations; none throws.</summary>
internal static class Checkup
{
    private const double Gibibyte = 1024.0 * 1024 * 1024;

    public static IReadOnlyList<Finding> All()
    {
        var findings = new List<Finding> { new("program", Health.Good, $"{ProgramVersion.Text}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}") };
        var libtorch = FoundLibtorch();
        findings.Add(libtorch);
        if (libtorch.Health == Health.Good) findings.AddRange([Fit(), Threads(), HalfProducts(), Gpu()]);
        findings.AddRange([Memory(), Disk(Directory.GetCurrentDirectory())]);
        return findings;
    }

    private static Finding FoundLibtorch()
    {
        try
        {
            return Computing(Libtorch.Load());
        }
        catch (RlhfException failure)
        {
            return new("libtorch", Health.Bad, failure.Message);
        }
    }

    // On its own, because whoever names a type of TorchSharp has libtorch loaded, and ends where that fails.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Finding Computing(LibtorchFolder folder)
    {
        var found = $"{Libtorch.Version} {Origin(folder)}, under TorchSharp {Libtorch.TorchSharpVersion}";
        try
        {
            using var one = ones(2, 2);
            using var product = one.mm(one);
            return product.sum().ToSingle() == 8 ? new("libtorch", Health.Good, $"{found}; it computes")
                : new("libtorch", Health.Bad, $"{found}: 2×2 ones times itself does not sum to 8", "the libraries are damaged: delete that folder, and build or publish again");
        }
        catch (Exception failure) when (failure is TypeInitializationException or EntryPointNotFoundException or ExternalException)
        {
            return new("libtorch", Health.Bad, $"{found}: {failure.GetBaseException().Message.ReplaceLineEndings(" ")}", "the libraries are damaged: delete that folder, and build or publish again");
        }
    }

    private static string Origin(LibtorchFolder folder) => folder.Source switch
    {
        LibtorchSource.Variable => $"named by {LibtorchFolder.Variable}, {folder.Path}",
        LibtorchSource.Python => $"of python3's PyTorch, {folder.Path}",
        _ => $"of its package, {folder.Path}",
    };

    /// <summary>Whether TorchSharp and this libtorch understand each other: wrong sizes are worse than an error.</summary>
    private static Finding Fit()
    {
        var onGpu = cuda.is_available();
        if ((FitCheck.OnCpu() ?? (onGpu ? FitCheck.OnGpu() : null)) is { } failure) return new("fit", Health.Bad, failure, $"use PyTorch {Libtorch.Fitting}");
        var found = $"sizes, types, strides, a product, a gradient and attention are right on the CPU{(onGpu ? " and the GPU" : "")}";
        var missing = Libtorch.MissingFunctions;
        return missing.Count == 0 ? new("fit", Health.Good, found)
            : new("fit", Health.Poor, $"{found}; {missing.Count} functions that TorchSharp calls are missing: {string.Join(", ", missing)}", $"what calls one of them ends the process; PyTorch {Libtorch.Fitting} has them");
    }

    private static Finding Threads()
    {
        var (threads, cores) = (get_num_threads(), Environment.ProcessorCount);
        var found = $"libtorch uses {threads} of {cores} cores";
        return threads == cores ? new("threads", Health.Good, found)
            : new("threads", Health.Poor, found, "threads= in the recipe or OMP_NUM_THREADS sets it; one per core is fastest as a rule");
    }

    private static Finding HalfProducts() => new("bfloat16", Health.Good, Processor.MultipliesBFloat16
        ? "the processor multiplies it faster than float32: dtype=bfloat16 saves time, and half of the memory of weights"
        : "the processor has no products of it: on the CPU dtype=bfloat16 saves memory, not time");

    private static Finding Gpu()
    {
        if (cuda.is_available())
        {
            var products = TensorFloat32.IsWanted ? "in TF32 (NVIDIA_TF32_OVERRIDE=0 turns it off)" : "exact (NVIDIA_TF32_OVERRIDE is 0)";
            var found = $"{cuda.device_count()} CUDA device(s); float32 products {products}";
            return CudaGraph.IsOffered ? new("gpu", Health.Good, $"{found}; decoding is recorded as CUDA graphs")
                : new("gpu", Health.Poor, $"{found}; decoding is not recorded as CUDA graphs", "unset RLHF_NO_GRAPHS if it is set; otherwise this libtorch keeps its graphs to itself, and decoding is slower");
        }

        return Directory.Exists("/proc/driver/nvidia/gpus")
            ? new("gpu", Health.Poor, "the driver sees a GPU but this libtorch cannot use it", $"point {LibtorchFolder.Variable} at the folder of a PyTorch {Libtorch.Fitting} with CUDA, or build with -p:Torch=cuda")
            : new("gpu", Health.Good, "none; everything runs on the CPU");
    }

    private static Finding Memory()
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gibibyte;
        var found = string.Create(CultureInfo.InvariantCulture, $"{available:0.0} GiB usable by this process");
        return available >= 3 ? new("memory", Health.Good, found) : new("memory", Health.Poor, found, "the demo wants about 3 GiB; lower ppo.episodes and micro-batches elsewhere");
    }

    private static Finding Disk(string folder)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace / Gibibyte;
        var found = string.Create(CultureInfo.InvariantCulture, $"{free:0.0} GiB free under {folder}");
        return free >= 2 ? new("disk", Health.Good, found) : new("disk", Health.Poor, found, "checkpoints hold model and optimizer (about 16 bytes a parameter each); put out= on a larger disk");
    }
}
