using static TorchSharp.torch;

namespace Rlhf.Policies.TensorFiles;

/// <summary>The data types of the safetensors format that torch has too.</summary>
internal static class SafetensorsTypes
{
    private static readonly (string Name, ScalarType Type, int Size)[] Known =
    [
        ("F64", ScalarType.Float64, 8), ("F32", ScalarType.Float32, 4), ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    public static ScalarType Parse(string name, string tensor)
    {
        foreach (var known in Known)
        {
            if (known.Name == name) return known.Type;
        }

        throw new InvalidDataException($"the tensor '{tensor}' has the data type '{name}', which is not one of {string.Join(", ", Known.Select(known => known.Name))}");
    }

    public static string Name(ScalarType type) => Find(type).Name;

    public static int Size(ScalarType type) => Find(type).Size;

    private static (string Name, ScalarType Type, int Size) Find(ScalarType type)
    {
        foreach (var known in Known)
        {
            if (known.Type == type) return known;
        }

        throw new NotSupportedException($"tensors of {type} are not supported");
    }
}
