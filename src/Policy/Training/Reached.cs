using Rlhf.Foundation.Jobs;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>Which parameters a batch has reached: with a gradient on one rank they learn on all, with none they learn on none, as in a process alone.</summary>
internal static class Reached
{
    public static bool[] OnAnyRank(Collective job, IReadOnlyList<Parameter> parameters)
    {
        if (job.Size == 1) return [.. parameters.Select(parameter => parameter.grad is not null)];
        using var flags = tensor(parameters.Select(parameter => parameter.grad is null ? 0L : 1L).ToArray(), device: job.Device);
        job.Sum(flags);
        using var host = flags.cpu();
        return [.. host.data<long>().ToArray().Select(count => count > 0)];
    }
}
