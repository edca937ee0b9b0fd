using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Policies.Checkpoints;

/// <summary>Fills a folder through a staging folder beside it, so that a failure leaves what was there.</summary>
internal static class FolderSwap
{
    private static readonly string[] Stale = ["model*.safetensors", "model.safetensors.index.json", "pytorch_model*.bin", "pytorch_model.bin.index.json"];

    public static void Replace(string folder, Action<string> fill)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var staging = $"{target}.{Environment.ProcessId}.tmp";
        Make(staging, folder);
        try
        {
            fill(staging);
            if (Directory.Exists(target)) Merge(staging, target);
            else Directory.Move(staging, target);
        }
        finally
        {
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
        }
    }

    private static void Make(string staging, string folder)
    {
        try
        {
            Directory.CreateDirectory(staging);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException && !Durable.IsDiskFull(error))
        {
            throw new RlhfException($"{folder}: cannot be written ({error.Message.TrimEnd('.')}); choose another place", error);
        }
    }

    // New files over the old by rename, then weights of an earlier save under other names go.
    private static void Merge(string staging, string target)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(staging))
        {
            var name = Path.GetFileName(file);
            File.Move(file, Path.Combine(target, name), overwrite: true);
            written.Add(name);
        }

        foreach (var inner in Directory.GetDirectories(staging))
        {
            var place = Path.Combine(target, Path.GetFileName(inner));
            if (Directory.Exists(place)) Directory.Delete(place, recursive: true);
            Directory.Move(inner, place);
        }

        foreach (var file in Stale.SelectMany(pattern => Directory.GetFiles(target, pattern)))
        {
            if (!written.Contains(Path.GetFileName(file))) File.Delete(file);
        }
    }
}
