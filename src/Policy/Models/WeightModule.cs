using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// A module whose parameters stand in TorchSharp's register alone: moving a module to another device or type puts new
/// parameters there, and one that is remembered elsewhere would be an empty shell. Nothing is registered but by its name.
/// </summary>
public abstract class WeightModule(string name) : nn.Module(name)
{
    /// <summary>A parameter that no dispose scope owns: it lives as long as its module.</summary>
    protected void Keep(string name, Tensor values)
    {
        var parameter = new Parameter(values);
        parameter.DetachFromDisposeScope();
        register_parameter(name, parameter);
    }

    protected Parameter Kept(string name) => get_parameter(name)!;

    // TorchSharp takes a module for one on the CPU until it has moved it itself, whatever its parameters are on.
    protected override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
    {
        _toEpilog(null, new Device(deviceType, deviceIndex), non_blocking);
        return this;
    }

    // TorchSharp would register every field a second time, under the compiler's name for it.
    protected sealed override void RegisterComponents() { }
}
