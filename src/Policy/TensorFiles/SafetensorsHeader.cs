using System.Text;
using System.Text.Json;

namespace Rlhf.Policies.TensorFiles;

/// <summary>Where a tensor lies in a safetensors file: <see cref="Offset"/> counts from the start of the file.</summary>
internal readonly record struct SafetensorsEntry(string Name, TorchSharp.torch.ScalarType Type, long[] Shape, long Offset, long Bytes);

/// <summary>
/// The header of a safetensors file: 8 bytes of length, JSON, then data without holes or overlaps.
/// Nothing is allocated on the word of the file before it is checked against the file's length.
/// </summary>
internal static class SafetensorsHeader
{
    private const int MaxHeader = 100_000_000; // the limit of the format's own implementation
    private const int MaxRank = 16;

    public static IReadOnlyList<SafetensorsEntry> Read(MappedFile source)
    {
        if (source.Length < 8) throw Damaged($"it has {source.Length} bytes, fewer than the 8 that give the header's length");
        var length = BitConverter.ToUInt64(source.Read(0, 8));
        if (length > MaxHeader || (long)length > source.Length - 8)
            throw Damaged($"the header is said to take {length} bytes, but {source.Length - 8} follow");
        var data = 8 + (long)length;
        var entries = Parse(source.Read(8, (int)length), source.Length - data);
        Cover(entries, source.Length - data);
        return [.. entries.Select(entry => entry with { Offset = entry.Offset + data })];
    }

    /// <summary>The header of data in this order, padded so that the data is aligned.</summary>
    public static byte[] Write(IReadOnlyList<SafetensorsEntry> entries)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            writer.WriteString("format", "pt");
            writer.WriteEndObject();
            foreach (var entry in entries)
            {
                writer.WriteStartObject(entry.Name);
                writer.WriteString("dtype", SafetensorsTypes.Name(entry.Type));
                writer.WriteStartArray("shape");
                foreach (var size in entry.Shape) writer.WriteNumberValue(size);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(entry.Offset);
                writer.WriteNumberValue(entry.Offset + entry.Bytes);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        while (json.Length % 8 != 0) json.WriteByte((byte)' ');
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json.ToArray()];
    }

    private static List<SafetensorsEntry> Parse(byte[] json, long dataLength)
    {
        var entries = new List<SafetensorsEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw Damaged("the header is not a JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                if (!names.Add(name)) throw Damaged($"the header names '{name}' twice");
                reader.Read();
                if (name == "__metadata__") reader.Skip();
                else entries.Add(ParseEntry(ref reader, name, dataLength));
            }

            reader.Read(); // throws where something but spaces follows the object
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            throw Damaged($"the header is not the JSON of a safetensors file: {e.Message}");
        }

        return entries;
    }

    private static SafetensorsEntry ParseEntry(ref Utf8JsonReader reader, string name, long dataLength)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Damaged($"the entry '{name}' is not an object");
        string? type = null;
        List<long>? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString();
            reader.Read();
            switch (key)
            {
                case "dtype": type = reader.GetString(); break;
                case "shape": shape = Numbers(ref reader, MaxRank, name); break;
                case "data_offsets": offsets = Numbers(ref reader, 2, name); break;
                default: throw Damaged($"the entry '{name}' has the unknown key '{key}'");
            }
        }

        if (type is null || shape is null || offsets is not { Count: 2 }) throw Damaged($"the entry '{name}' lacks dtype, shape or data_offsets");
        if (offsets[0] > offsets[1] || offsets[1] > dataLength)
            throw Damaged($"the entry '{name}' lies at {offsets[0]} to {offsets[1]}, but the data has {dataLength} bytes");
        var scalar = SafetensorsTypes.Parse(type, name);
        var wanted = Elements(shape, name) * (UInt128)SafetensorsTypes.Size(scalar);
        if (wanted != (UInt128)(offsets[1] - offsets[0]))
            throw Damaged($"the entry '{name}' of shape [{string.Join(", ", shape)}] takes {wanted} bytes as {type}, but has {offsets[1] - offsets[0]}");
        return new SafetensorsEntry(name, scalar, [.. shape], offsets[0], offsets[1] - offsets[0]);
    }

    private static List<long> Numbers(ref Utf8JsonReader reader, int most, string name)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw Damaged($"the entry '{name}' has no list where one belongs");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            if (numbers.Count == most) throw Damaged($"the entry '{name}' has a list of more than {most} numbers");
            if (!reader.TryGetInt64(out var number) || number < 0) throw Damaged($"the entry '{name}' has a size that is no whole number from 0 on");
            numbers.Add(number);
        }

        return reader.TokenType == JsonTokenType.EndArray ? numbers : throw Damaged($"the entry '{name}' has a list of something else than numbers");
    }

    private static UInt128 Elements(List<long> shape, string name)
    {
        UInt128 product = 1;
        foreach (var size in shape)
        {
            product *= (UInt128)size;
            if (product > long.MaxValue) throw Damaged($"the entry '{name}' has the impossible shape [{string.Join(", ", shape)}]");
        }

        return product;
    }

    // The format wants every byte of the data to belong to exactly one tensor.
    private static void Cover(List<SafetensorsEntry> entries, long dataLength)
    {
        var end = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.Bytes))
        {
            if (entry.Offset != end) throw Damaged($"the entry '{entry.Name}' starts at {entry.Offset}, where {end} was due: the file has overlaps or holes");
            end += entry.Bytes;
        }

        if (end != dataLength) throw Damaged($"the header accounts for {end} bytes of data, but there are {dataLength}");
    }

    private static InvalidDataException Damaged(string what) => new($"not a whole safetensors file: {what}");
}
