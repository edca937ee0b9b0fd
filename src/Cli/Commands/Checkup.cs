using System.Globalization;
using System.Runtime.InteropServices;
using Rlhf.Cli.Shell;
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
        var torch = Libtorch();
        findings.Add(torch);
        if (torch.Health == Health.Good) findings.AddRange([Threads(), Blas(), HalfProducts(), Gpu()]);
        findings.AddRange([Memory(), Disk(Directory.GetCurrentDirectory())]);
        return findings;
    }

    private static Finding Libtorch()
    {
        try
        {
            using var one = ones(2, 2);
            using var product = one.mm(one);
            var isRight = product.sum().ToSingle() == 8;
            return isRight ? new("libtorch", Health.Good, $"{__version__}, computes")
                : new("libtorch", Health.Bad, $"{__version__}, but 2×2 ones times itself does not sum to 8", "the installation is damaged: run scripts/setup.sh, then build again");
        }
        catch (Exception failure) when (failure is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException or ExternalException)
        {
            var cause = failure.GetBaseException().Message.ReplaceLineEndings(" ");
            return new("libtorch", Health.Bad, cause, "run scripts/setup.sh, then scripts/rlhf doctor again (it builds the bridge)");
        }
    }

    private static Finding Threads()
    {
        var (threads, cores) = (get_num_threads(), Environment.ProcessorCount);
        var found = $"libtorch uses {threads} of {cores} cores";
        return threads == cores ? new("threads", Health.Good, found)
            : new("threads", Health.Poor, found, "threads= in the recipe or OMP_NUM_THREADS sets it; one per core is fastest as a rule");
    }

    /// <summary>Which BLAS is loaded shows in the process's own memory map.</summary>
    private static Finding Blas()
    {
        if (!File.Exists("/proc/self/maps")) return new("blas", Health.Good, "not looked at on this system");
        var libraries = File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..]).Where(path => path.StartsWith('/')).Distinct().ToList();
        var blas = libraries.FirstOrDefault(path => path.Contains("openblas", StringComparison.Ordinal))
            ?? libraries.FirstOrDefault(path => path.Contains("libmkl", StringComparison.Ordinal))
            ?? libraries.FirstOrDefault(path => Path.GetFileName(path).StartsWith("libblas", StringComparison.Ordinal));
        if (blas is null) return new("blas", Health.Good, "inside libtorch");
        if (blas.Contains("pthread", StringComparison.Ordinal))
            return new("blas", Health.Poor, blas, "this OpenBLAS has threads of its own that fight libtorch's (up to 2.6 times slower): apt-get install libopenblas0-openmp, then scripts/setup.sh");
        var isReference = !blas.Contains("openblas", StringComparison.Ordinal) && !blas.Contains("mkl", StringComparison.Ordinal);
        return isReference ? new("blas", Health.Poor, blas, "this is the slow reference BLAS: apt-get install libopenblas0-openmp, then scripts/setup.sh") : new("blas", Health.Good, blas);
    }

    private static Finding HalfProducts() => new("bfloat16", Health.Good, Processor.MultipliesBFloat16
        ? "the processor multiplies it faster than float32: dtype=bfloat16 saves time and memory"
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
            ? new("gpu", Health.Poor, "the driver sees a GPU but this libtorch cannot use it", "install PyTorch with CUDA for python3, point RLHF_LIBTORCH at it, and build with -p:Torch=installed")
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
