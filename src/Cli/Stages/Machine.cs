using System.Globalization;
using Rlhf.Cli.Shell;
using Rlhf.Foundation;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Cli.Stages;

/// <summary>What the common keys device, dtype and threads come to on this machine, and the job this process belongs to.</summary>
internal sealed class Machine
{
    private Machine(Device device, ScalarType type, Collective job) => (Device, Type, Job) = (device, type, job);

    public Device Device { get; }

    /// <summary>The number type models compute in.</summary>
    public ScalarType Type { get; }

    public Collective Job { get; }

    /// <summary>Sets the threads and joins the job that the environment describes.</summary>
    public static Machine Of(Recipe recipe, CommandContext context)
    {
        if (recipe.Threads > 0) set_num_threads(recipe.Threads);
        var device = Open(recipe.Device);
        var type = TypeOf(recipe.Dtype);
        return new Machine(device, type, context.Job.Join(device));
    }

    public static ScalarType TypeOf(Precision precision) => precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>The device that a key names, ready for work.</summary>
    public static Device Open(string name)
    {
        var device = DeviceOf(name);
        InitializeDevice(device);
        if (device.type == DeviceType.CUDA)
        {
            CudaDevice.Use(device.index);
            TensorFloat32.Allow();
        }

        return device;
    }

    /// <exception cref="RlhfException">The device is not there, or the text names none.</exception>
    public static Device DeviceOf(string name)
    {
        var count = cuda.is_available() ? cuda.device_count() : 0;
        // Several processes on one machine take a GPU each.
        var local = JobPlace.Here().LocalRank;
        switch (name)
        {
            case "cpu":
            case "auto" when count == 0:
                return CPU;
            case "auto" or "cuda":
                return Gpu(local, count, name);
            default:
                if (name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name["cuda:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return Gpu(index, count, name);
                throw new RlhfException($"device: found '{name}'; expected auto, cpu, cuda or cuda:N");
        }
    }

    private static Device Gpu(int index, int count, string name)
    {
        if (count == 0) throw new RlhfException($"device: {name} was asked for, but this machine offers no GPU to libtorch; set device=cpu or auto, or see rlhf doctor");
        if (index >= count) throw new RlhfException($"device: GPU {index} was asked for, but there {(count == 1 ? "is 1" : $"are {count}")} (numbered from 0); lower it, or start fewer processes on this machine");
        return device(DeviceType.CUDA, index);
    }
}
