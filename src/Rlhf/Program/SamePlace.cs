namespace Rlhf.Program;

/// <summary>Whether two paths lead to one file or folder, by links too: what is read is not to be written over.</summary>
internal static class SamePlace
{
    public static bool Are(string one, string other) => Real(one) == Real(other);

    private static string Real(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(path) is not { } parent) return path;
        var place = Path.Combine(Real(parent), Path.GetFileName(path));
        FileSystemInfo entry = Directory.Exists(place) ? new DirectoryInfo(place) : new FileInfo(place);
        return entry.LinkTarget is null ? place : Real(entry.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
    }
}
