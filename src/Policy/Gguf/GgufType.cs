namespace Rlhf.Policies.Gguf;

/// <summary>How numbers of a matrix are stored.</summary>
public enum GgufType
{
    F32,
    F16,
    Bf16,
    /// <summary>Blocks of 32 numbers: a scale in float16 and 32 bytes.</summary>
    Q8_0,
}

internal static class GgufTypes
{
    /// <summary>Numbers that share a scale.</summary>
    public const int Block = 32;

    /// <summary>The id of the type in a file.</summary>
    public static uint Id(this GgufType type) => type switch { GgufType.F32 => 0, GgufType.F16 => 1, GgufType.Q8_0 => 8, _ => 30 };

    /// <summary>The id of a file whose matrices have mostly this type.</summary>
    public static uint FileId(this GgufType type) => type switch { GgufType.F32 => 0, GgufType.F16 => 1, GgufType.Q8_0 => 7, _ => 32 };

    public static long Bytes(this GgufType type, long numbers) => type switch { GgufType.F32 => 4 * numbers, GgufType.Q8_0 => numbers / Block * (Block + 2), _ => 2 * numbers };
}
