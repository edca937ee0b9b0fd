using System.Runtime.InteropServices;

namespace Rlhf.Policies.Kernels;

/// <summary>Float32 numbers in native memory, which begins at a line of cache and does not move.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    private const int Line = 64;

    /// <param name="count">numbers, not set to anything</param>
    public NativeBuffer(long count)
        : base(0, ownsHandle: true)
    {
        Count = count;
        SetHandle((nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, count) * sizeof(float), Line));
    }

    public long Count { get; }

    public float* Data => (float*)handle;

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
