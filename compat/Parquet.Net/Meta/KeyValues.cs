namespace Parquet.Meta;

/// <summary>Free metadata: names and values as text.</summary>
internal static class KeyValues
{
    public static Dictionary<string, string> Read(ref ThriftReader reader, WireType wire)
    {
        var pairs = new Dictionary<string, string>();
        for (var left = reader.List(wire, out var element); left > 0; left--)
        {
            reader.Struct(element);
            var (key, value, id) = ("", "", 0);
            while (reader.NextField(ref id, out var field))
            {
                if (id == 1) key = reader.Text(field);
                else if (id == 2) value = reader.Text(field);
                else reader.Skip(field);
            }

            pairs[key] = value;
        }

        return pairs;
    }

    /// <summary>Writes nothing where there are none.</summary>
    public static void Write(ThriftWriter writer, ref int last, int id, IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs.Count == 0) return;
        writer.List(ref last, id, WireType.Struct, pairs.Count);
        foreach (var (key, value) in pairs)
        {
            var member = 0;
            writer.Text(ref member, 1, key);
            writer.Text(ref member, 2, value);
            writer.Stop();
        }
    }
}
