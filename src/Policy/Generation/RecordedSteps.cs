using Rlhf.Foundation.Torch;

namespace Rlhf.Policies.Generation;

/// <summary>What the operators of a decoding step depend on: its rows, the columns it attends to, and whether it holds ends back.</summary>
internal readonly record struct StepSize(int Rows, long Columns, bool HoldsEnds);

/// <summary>
/// A step of every size that comes up. The first of a size is run as it is, which also loads what its operators need: a
/// device that records must not be made to load anything. The second is recorded, and from then on it is replayed.
/// </summary>
/// <param name="record">Records work, or gives null where work has to be run each time.</param>
internal sealed class RecordedSteps(Func<Action, IRecording?> record) : IDisposable
{
    private readonly HashSet<StepSize> _seen = [];
    private readonly Dictionary<StepSize, IRecording> _recordings = [];

    public void Run(StepSize size, Action<StepSize> step)
    {
        if (!_recordings.TryGetValue(size, out var recording))
        {
            recording = _seen.Add(size) ? null : record(() => step(size));
            if (recording is not null) _recordings.Add(size, recording);
        }

        if (recording is null) step(size);
        else recording.Replay();
    }

    public void Dispose()
    {
        foreach (var recording in _recordings.Values) recording.Dispose();
    }
}
