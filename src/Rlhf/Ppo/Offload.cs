using Rlhf.Policies.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Weights that stand in host memory and are on the device only while someone uses them.</summary>
internal sealed class Offload
{
    private readonly Action<Device> _move;
    private readonly Device _device;

    /// <param name="model">its weights leave the device at once</param>
    /// <param name="device">where it computes</param>
    public Offload(CausalLm model, Device device) : this(place => model.to(place), device) { }

    internal Offload(Action<Device> move, Device device)
    {
        (_move, _device) = (move, device);
        _move(CPU);
    }

    /// <summary>Brings the weights onto the device, until the result is disposed.</summary>
    public IDisposable Use()
    {
        _move(_device);
        return new Stay(() => _move(CPU));
    }

    private sealed class Stay(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
