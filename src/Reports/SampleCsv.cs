using System.Text;
using Rlhf.Foundation.Data;

namespace Rlhf.Reports;

/// <summary>The samples as a table.</summary>
internal static class SampleCsv
{
    public static string Text(IEnumerable<SampleRow> samples)
    {
        var text = new StringBuilder(Csv.Line(["step", "prompt", "reference_response", "response", "reference_score", "score", "reference_gold", "gold", "kl"]));
        foreach (var sample in samples)
            text.Append(Csv.Line(
            [
                Csv.Number(sample.Step), sample.Prompt, sample.ReferenceResponse ?? "", sample.Response, Csv.Number(sample.ReferenceScore),
                Csv.Number(sample.Score), Csv.Number(sample.ReferenceGold), Csv.Number(sample.Gold), Csv.Number(sample.Kl),
            ]));
        return text.ToString();
    }
}
