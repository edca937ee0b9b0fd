using System.Text.Json;

namespace Rlhf.Reports;

/// <summary>Reads samples.jsonl.</summary>
public static class SamplesFile
{
    /// <param name="path">May be missing.</param>
    /// <param name="notes">Gets a line for everything that is wrong with the file.</param>
    public static IReadOnlyList<SampleRow> Read(string path, ICollection<string> notes)
    {
        var rows = new List<SampleRow>();
        if (File.Exists(path)) JsonLineFile.Read(path, row => rows.Add(Row(row)), notes);
        return rows;
    }

    private static SampleRow Row(JsonElement row)
    {
        string[] tokens = [.. row.List("tokens").Where(token => token.ValueKind == JsonValueKind.String).Select(token => token.GetString()!)];
        double[] kl = [.. row.List("token_kl").Select(JsonFields.Number)];
        return new SampleRow
        {
            Step = row.Number(MetricNames.Step),
            Prompt = row.Text("prompt") ?? "",
            Response = row.Text("response") ?? "",
            ReferenceResponse = row.Text("reference_response"),
            Score = row.Number("score"),
            ReferenceScore = row.Number("reference_score"),
            Gold = row.Number("gold"),
            ReferenceGold = row.Number("reference_gold"),
            Kl = row.Number("kl"),
            Tokens = tokens.Length == kl.Length ? tokens : [],
            TokenKl = tokens.Length == kl.Length ? kl : [],
        };
    }
}
