using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Rlhf.Foundation.Runs;

/// <summary>One line of <c>metrics.jsonl</c>: <c>{"step":3,"loss":0.25,…}</c>, in the order given; a number that is none is null.</summary>
internal static class MetricsLine
{
    public static string Write(long step, IReadOnlyDictionary<string, double> metrics)
    {
        var line = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{{\"step\":{step}");
        foreach (var (name, value) in metrics) line.Append(CultureInfo.InvariantCulture, $",\"{JsonEncodedText.Encode(name)}\":{Number(value)}");
        return line.Append('}').ToString();
    }

    /// <summary>The shortest text that reads back as the same number; one that is a float32 is written as such.</summary>
    public static string Number(double value) =>
        !double.IsFinite(value) ? "null"
        : value == (float)value ? ((float)value).ToString("R", CultureInfo.InvariantCulture)
        : value.ToString("R", CultureInfo.InvariantCulture);
}
