using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Where the time of a step went. On a GPU each phase waits for the work it started.</summary>
internal sealed class PhaseClock(Device device)
{
    private readonly Dictionary<string, double> _seconds = [];

    public IReadOnlyDictionary<string, double> Seconds => _seconds;

    public void Reset() => _seconds.Clear();

    public T Measure<T>(string phase, Func<T> work)
    {
        var watch = Stopwatch.StartNew();
        var result = work();
        if (device.type == DeviceType.CUDA) cuda.synchronize();
        _seconds[phase] = _seconds.GetValueOrDefault(phase) + watch.Elapsed.TotalSeconds;
        return result;
    }
}
