using System.Text.Json;

namespace Rlhf.Reports;

/// <summary>
/// Reads a file of JSON objects, one per line, as a killed or still running program leaves it: lines that are no object
/// are skipped and told about, a half-written last one as such.
/// </summary>
internal static class JsonLineFile
{
    public static void Read(string path, Action<JsonElement> use, ICollection<string> notes)
    {
        var skipped = new List<int>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.Length > 0 && !TryUse(line, use)) skipped.Add(number);
        }

        var name = Path.GetFileName(path);
        if (skipped.Count == 1 && skipped[0] == number) notes.Add($"{name}: the last line ({number}) is half-written and was left out; the run was stopped while writing, or is still running.");
        else if (skipped.Count > 0) notes.Add($"{name}: {skipped.Count} of {number} lines are not JSON objects and were left out, the first is line {skipped[0]}.");
    }

    private static bool TryUse(string line, Action<JsonElement> use)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return false;
            use(document.RootElement);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // the second: half a surrogate pair in a text
        {
            return false;
        }
    }
}
