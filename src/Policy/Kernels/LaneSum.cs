using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>The sum of 16 numbers in an order of its own, the same for lanes of any width.</summary>
internal static unsafe class LaneSum
{
    /// <summary>((0 + 8) + (4 + 12)) + …: eights, fours, twos and ones apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float* lanes)
    {
        var fours = Vector128.Load(lanes) + Vector128.Load(lanes + 8) + (Vector128.Load(lanes + 4) + Vector128.Load(lanes + 12));
        return fours[0] + fours[2] + (fours[1] + fours[3]);
    }
}
