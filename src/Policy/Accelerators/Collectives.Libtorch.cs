using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    /// <summary>Joins a job of several processes: NCCL between GPUs where the build has it, else Gloo.</summary>
    internal static Collective Join(string host, int port, int rank, int size, Device device, TimeSpan timeout)
    {
        var backend = device.type == DeviceType.CUDA && ProcessGroup.HasNccl ? "nccl" : "gloo";
        if (backend == "gloo" && !ProcessGroup.HasGloo)
            throw new RlhfException("This build of libtorch has no collectives; install libgloo-dev and build again, or run one process.");
        try
        {
            return new Job(new ProcessGroup(backend, host, port, rank, size, timeout), device);
        }
        catch (ExternalException e)
        {
            throw new RlhfException($"Rank {rank} of {size} could not join {host}:{port} ({FirstLine(e.Message)}); check that every rank runs and that the port is free.", e);
        }
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();

    private sealed class Job(ProcessGroup group, Device device) : Collective
    {
        public override int Rank => group.Rank;
        public override int Size => group.Size;
        public override Device Device => device;
        public override void Sum(Tensor tensor) => Together(() => group.AllReduceSum(tensor));
        public override void Broadcast(Tensor tensor, int root) => Together(() => group.Broadcast(tensor, root));
        public override void Barrier() => Together(group.Barrier);

        public override Tensor[] Gather(Tensor tensor)
        {
            Tensor[] gathered = [];
            Together(() => gathered = group.AllGather(tensor));
            return gathered;
        }

        private void Together(Action exchange)
        {
            try
            {
                exchange();
            }
            catch (ExternalException e)
            {
                throw new RlhfException($"Rank {group.Rank} of {group.Size} lost the other processes ({FirstLine(e.Message)}); the job ends here, start it again to resume.", e);
            }
        }

        protected override void Dispose(bool disposing)
        {
            group.Dispose();
            base.Dispose(disposing);
        }
    }
}
