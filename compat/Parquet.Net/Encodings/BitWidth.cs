using System.Numerics;

namespace Parquet.Encodings;

internal static class BitWidth
{
    /// <summary>Bits that hold every value up to <paramref name="most"/>.</summary>
    public static int Of(int most) => most == 0 ? 0 : BitOperations.Log2((uint)most) + 1;
}
