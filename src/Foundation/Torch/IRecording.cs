namespace Rlhf.Foundation.Torch;

/// <summary>Work recorded on a device, to be launched again as often as wanted.</summary>
internal interface IRecording : IDisposable
{
    void Replay();
}
