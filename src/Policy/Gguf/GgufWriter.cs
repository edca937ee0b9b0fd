using System.Text;

namespace Rlhf.Policies.Gguf;

/// <summary>A file of GGUF, version 3: keys with values, then tensors, each aligned to 32 bytes.</summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly List<(string Key, object Value)> _values = [];
    private readonly List<GgufTensor> _tensors = [];

    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <param name="value">uint, int, float, bool, string, or an array of uint, int, float or string; null: the key is left out</param>
    public void Add(string key, object? value)
    {
        if (value is not null) _values.Add((key, value));
    }

    public void Add(GgufTensor tensor) => _tensors.Add(tensor);

    public void Write(Stream to)
    {
        using var writer = new BinaryWriter(to, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_values.Count);
        foreach (var (key, value) in _values)
        {
            Text(writer, key);
            writer.Write(TypeOf(value));
            Value(writer, value);
        }

        var offset = 0L;
        foreach (var tensor in _tensors)
        {
            Text(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (var size in tensor.Shape.Reverse()) writer.Write((ulong)size); // the innermost first
            writer.Write(tensor.Type.Id());
            writer.Write((ulong)offset);
            offset += Aligned(tensor.Bytes);
        }

        writer.Flush();
        Pad(to, to.Position);
        foreach (var tensor in _tensors)
        {
            tensor.Write(to);
            Pad(to, tensor.Bytes);
        }
    }

    private static uint TypeOf(object value) => value switch
    {
        uint => 4,
        int => 5,
        float => 6,
        bool => 7,
        string => 8,
        Array => 9,
        _ => throw new ArgumentException($"a value of the type {value.GetType()} has no place in a file of GGUF", nameof(value)),
    };

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            case string text: Text(writer, text); break;
            case Array items:
                writer.Write(ItemType(items));
                writer.Write((ulong)items.Length);
                foreach (var item in items) Value(writer, item);
                break;
        }
    }

    // By name: at run time an array of int passes for one of uint.
    private static uint ItemType(Array items) => Type.GetTypeCode(items.GetType().GetElementType()) switch
    {
        TypeCode.UInt32 => 4,
        TypeCode.Int32 => 5,
        TypeCode.Single => 6,
        TypeCode.String => 8,
        _ => throw new ArgumentException("an array of this type has no place in a file of GGUF", nameof(items)),
    };

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static void Pad(Stream to, long bytes)
    {
        for (var i = bytes; i < Aligned(bytes); i++) to.WriteByte(0);
    }
}
