namespace Rlhf.Foundation.Torch;

/// <summary>
/// A copy of TorchSharp's native library for systems whose libstdc++ is older than GCC 13's (Debian 12, Ubuntu 22.04), in
/// the user's cache: see <see cref="SymbolVersions"/>.
/// </summary>
internal static class WrapperCopy
{
    /// <summary>What the loader misses there.</summary>
    public const string MissingVersion = "GLIBCXX_3.4.32";

    /// <summary>The path of the copy, which is made where it is missing or is not what it should be.</summary>
    public static string For(string original, string version)
    {
        byte[] wanted;
        try
        {
            wanted = SymbolVersions.Weakened(File.ReadAllBytes(original), MissingVersion);
        }
        catch (InvalidDataException reason)
        {
            throw new RlhfException($"{original} wants {MissingVersion} of libstdc++, which this system lacks, and cannot do without: {reason.Message}; install libstdc++ of GCC 13 or newer", reason);
        }

        foreach (var folder in new[] { UserCache(), Path.GetTempPath() })
        {
            var path = Path.Combine(folder, "rlhf", $"torchsharp-{version}", Path.GetFileName(original));
            try
            {
                if (!Holds(path, wanted)) Write(path, wanted);
                return path;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // The next folder may do.
            }
        }

        throw new RlhfException($"{original} has to be copied for this system's libstdc++, but neither {UserCache()} nor {Path.GetTempPath()} can be written; make one writable, or set XDG_CACHE_HOME");
    }

    private static string UserCache() => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named
        ? named : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");

    private static bool Holds(string path, byte[] wanted) => File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(wanted);

    private static void Write(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Others may be doing the same: each writes its own and the last name wins, whole.
        var temporary = $"{path}.{Environment.ProcessId}";
        File.WriteAllBytes(temporary, content);
        File.Move(temporary, path, overwrite: true);
    }
}
