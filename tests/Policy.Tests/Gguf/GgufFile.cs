using System.Text;

namespace Rlhf.Policies.Tests.Gguf;

/// <summary>Reads a file of GGUF by the format's description, for tests.</summary>
internal sealed class GgufFile
{
    private readonly byte[] _bytes;
    private readonly long _data;

    public GgufFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        using var reader = new BinaryReader(new MemoryStream(_bytes));
        Assert.Equal("GGUF", Encoding.ASCII.GetString(reader.ReadBytes(4)));
        Assert.Equal(3u, reader.ReadUInt32());
        var (tensors, values) = (reader.ReadUInt64(), reader.ReadUInt64());
        for (var i = 0ul; i < values; i++) Values.Add(Text(reader), Value(reader, reader.ReadUInt32()));
        for (var i = 0ul; i < tensors; i++)
        {
            var name = Text(reader);
            long[] shape = [.. Enumerable.Range(0, (int)reader.ReadUInt32()).Select(_ => (long)reader.ReadUInt64())];
            Tensors.Add(name, (shape, reader.ReadUInt32(), (long)reader.ReadUInt64()));
        }

        _data = (reader.BaseStream.Position + 31) / 32 * 32;
        foreach (var (_, _, offset) in Tensors.Values) Assert.Equal(0, offset % 32);
    }

    public Dictionary<string, object> Values { get; } = [];

    /// <summary>Sizes, the innermost first; type; place.</summary>
    public Dictionary<string, (long[] Shape, uint Type, long Offset)> Tensors { get; } = [];

    /// <summary>A tensor's numbers, in the order they lie.</summary>
    public float[] Numbers(string name)
    {
        var (shape, type, offset) = Tensors[name];
        var count = (int)shape.Aggregate(1L, (a, b) => a * b);
        var bytes = _bytes.AsSpan((int)(_data + offset));
        var numbers = new float[count];
        for (var i = 0; i < count; i++)
        {
            numbers[i] = type switch
            {
                0 => BitConverter.ToSingle(bytes[(4 * i)..]),
                1 => (float)BitConverter.ToHalf(bytes[(2 * i)..]),
                30 => BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(bytes[(2 * i)..]) << 16),
                8 => (float)BitConverter.ToHalf(bytes[(i / 32 * 34)..]) * (sbyte)bytes[i / 32 * 34 + 2 + i % 32],
                _ => throw new InvalidDataException($"type {type}"),
            };
        }

        return numbers;
    }

    private static object Value(BinaryReader reader, uint type) => type switch
    {
        4 => reader.ReadUInt32(),
        5 => reader.ReadInt32(),
        6 => reader.ReadSingle(),
        7 => reader.ReadBoolean(),
        8 => Text(reader),
        9 => List(reader),
        _ => throw new InvalidDataException($"value of type {type}"),
    };

    private static object[] List(BinaryReader reader)
    {
        var type = reader.ReadUInt32();
        return [.. Enumerable.Range(0, (int)reader.ReadUInt64()).Select(_ => Value(reader, type))];
    }

    private static string Text(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadUInt64()));
}
