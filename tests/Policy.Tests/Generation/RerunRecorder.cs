using Rlhf.Foundation.Torch;

namespace Rlhf.Policies.Tests.Generation;

/// <summary>Records on any device, by keeping the work and running it again; as with a graph, recording runs nothing.</summary>
internal sealed class RerunRecorder
{
    public int Recorded { get; private set; }

    public int Replayed { get; private set; }

    public int Disposed { get; private set; }

    public IRecording? Record(Action work)
    {
        Recorded++;
        return new Recording(this, work);
    }

    private sealed class Recording(RerunRecorder recorder, Action work) : IRecording
    {
        private bool _disposed;

        public void Replay()
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            recorder.Replayed++;
            work();
        }

        public void Dispose()
        {
            _disposed = true;
            recorder.Disposed++;
        }
    }
}
