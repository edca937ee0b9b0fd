using Rlhf.Foundation;

namespace Rlhf.Cli.Stages;

/// <summary>What is read is not to be written over, whichever way a path leads there: by links too.</summary>
internal static class SamePlace
{
    /// <param name="read">file or folder</param>
    /// <param name="to">the key <c>to</c></param>
    public static void Refuse(string read, string to)
    {
        var kind = Directory.Exists(read) ? "folder" : "file";
        if (Real(read) == Real(to)) throw new RlhfException($"to: {to}: found the {kind} that is read, which would be overwritten; expected another {kind}");
    }

    private static string Real(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(path) is not { } parent) return path;
        var place = Path.Combine(Real(parent), Path.GetFileName(path));
        FileSystemInfo entry = Directory.Exists(place) ? new DirectoryInfo(place) : new FileInfo(place);
        return entry.LinkTarget is null ? place : Real(entry.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
    }
}
