using System.Globalization;

namespace Rlhf.Policies.Tokenization.Normalizing;

/// <summary>
/// Unicode's canonical decompositions, compositions and combining classes. They ship with the program because .NET without
/// ICU (InvariantGlobalization, which needs nothing installed) returns text from string.Normalize as it was.
/// </summary>
internal sealed class CanonicalData
{
    private readonly Dictionary<int, int[]> _decompositions = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, int> _classes = [];

    private CanonicalData(TextReader lines)
    {
        while (lines.ReadLine() is { } line)
        {
            if (line[0] == '#') continue;
            var fields = line.TrimStart('!', '@').Split(' ');
            if (line[0] == '@') AddClass(int.Parse(fields[0], CultureInfo.InvariantCulture), fields.Skip(1));
            else AddDecomposition([.. fields.Select(Hex)], composes: line[0] != '!');
        }
    }

    public static CanonicalData Instance { get; } = Load();

    /// <summary>The one or two characters a character stands for, or null.</summary>
    public int[]? Decomposition(int character) => _decompositions.GetValueOrDefault(character);

    /// <summary>What two characters make, or null.</summary>
    public int? Composition(int first, int second) => _compositions.TryGetValue((first, second), out var made) ? made : null;

    /// <summary>The combining class; 0 is a starter.</summary>
    public int Class(int character) => _classes.GetValueOrDefault(character);

    private static CanonicalData Load()
    {
        var type = typeof(CanonicalData);
        using var stream = type.Assembly.GetManifestResourceStream(type, "canonical.txt")!;
        using var reader = new StreamReader(stream);
        return new CanonicalData(reader);
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private void AddClass(int combiningClass, IEnumerable<string> ranges)
    {
        foreach (var range in ranges)
        {
            var ends = range.Split('-');
            for (var character = Hex(ends[0]); character <= Hex(ends[^1]); character++) _classes[character] = combiningClass;
        }
    }

    private void AddDecomposition(int[] characters, bool composes)
    {
        _decompositions[characters[0]] = characters[1..];
        if (composes) _compositions[(characters[1], characters[2])] = characters[0];
    }
}
