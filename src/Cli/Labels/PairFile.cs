using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Cli.Labels;

/// <summary>Files of pairs to label: rows <c>prompt, first, second</c>, or preference pairs that are to be labelled anew.</summary>
internal static class PairFile
{
    private const string First = "first", Second = "second";

    public static IReadOnlyList<CandidatePair> Read(string path, Action<string> warn)
    {
        var log = new DefectLog();
        var pairs = new PreferenceFile(Columns(path), DialogueForm.Plain).Pairs(path, log)
            .Select(row => new CandidatePair(row.Prompt, row.Chosen, row.Rejected)).DistinctBy(pair => pair.Id).ToArray();
        if (log.Total > 0) warn($"{path}: {log}");
        return pairs;
    }

    public static void Write(string path, IEnumerable<CandidatePair> pairs)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        using var writer = RowWriter.Create(path);
        foreach (var pair in pairs) writer.Write(Row.Of(path, writer.Count + 1, ("prompt", pair.Prompt), (First, pair.First), (Second, pair.Second)));
        if (writer.Count == 0) throw new RlhfException($"{path}: there are no pairs to write");
        writer.Commit();
    }

    private static ColumnNames Columns(string path) => RowReader.Read(path, _ => { }).FirstOrDefault() is { } row && row.Kind(First) != ColumnKind.Missing && row.Kind(Second) != ColumnKind.Missing
        ? new ColumnNames { Chosen = First, Rejected = Second }
        : new ColumnNames();
}
