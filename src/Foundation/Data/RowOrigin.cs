using System.Text;

namespace Rlhf.Foundation.Data;

/// <summary>What the rows of one file share: its name, how its rows are counted, and the names of its columns.</summary>
internal sealed class RowOrigin(string source, string unit)
{
    private const int MostNames = 256;
    private readonly List<(byte[] Utf8, string Name)> names = [];

    public string Source { get; } = source;

    public string At(long line) => $"{Source} {unit} {line}";

    /// <summary>The name as a string; rows of one file share their strings. <paramref name="position"/> is where it most likely stands.</summary>
    public string Name(ReadOnlySpan<byte> utf8, int position)
    {
        if (position < names.Count && utf8.SequenceEqual(names[position].Utf8)) return names[position].Name;
        foreach (var (known, name) in names)
            if (utf8.SequenceEqual(known)) return name;
        var fresh = Encoding.UTF8.GetString(utf8);
        if (names.Count < MostNames) names.Add((utf8.ToArray(), fresh));
        return fresh;
    }
}
