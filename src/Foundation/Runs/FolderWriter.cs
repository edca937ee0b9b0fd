using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Runs;

/// <summary>Makes a folder with a manifest appear all at once, under its name only when everything in it is on disk.</summary>
internal static class FolderWriter
{
    public static CheckpointManifest Write(string temporary, string target, long step, Action<string> write, IReadOnlyDictionary<string, long> logs, double seconds)
    {
        if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        Directory.CreateDirectory(temporary);
        try
        {
            write(temporary);
            var manifest = CheckpointManifest.Of(temporary, step, logs, seconds);
            File.WriteAllText(Path.Combine(temporary, CheckpointManifest.FileName), manifest.ToJson());
            foreach (var file in Directory.EnumerateFiles(temporary, "*", SearchOption.AllDirectories)) Durable.FlushFile(file);
            foreach (var inner in Directory.EnumerateDirectories(temporary, "*", SearchOption.AllDirectories)) Durable.FlushFolder(inner);
            Durable.FlushFolder(temporary);
            if (Directory.Exists(target)) Delete(target, temporary + ".replaced");
            Directory.Move(temporary, target);
            Durable.FlushFolder(Path.GetDirectoryName(target)!);
            return manifest;
        }
        catch
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            throw;
        }
    }

    /// <summary>Takes the name away first, so that a crash in between leaves no folder with some of its files.</summary>
    public static void Delete(string folder, string aside)
    {
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        Directory.Move(folder, aside);
        Directory.Delete(aside, recursive: true);
    }
}
