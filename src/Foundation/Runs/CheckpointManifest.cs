using System.Security.Cryptography;
using System.Text.Json;
using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Runs;

/// <summary>One file of a checkpoint with what it must look like.</summary>
public sealed record ManifestFile(string Path, long Size, string Sha256);

/// <summary>
/// What a checkpoint consists of, written last: the step it stands for (steps done), its files, and how long each log
/// of the run was when it was taken, so that a resumed run cuts its logs back to exactly there.
/// </summary>
public sealed record CheckpointManifest
{
    public const string FileName = "manifest.json";

    public required long Step { get; init; }

    public required IReadOnlyList<ManifestFile> Files { get; init; }

    public required IReadOnlyDictionary<string, long> Logs { get; init; }

    /// <summary>Working time of the run so far, over all its sessions.</summary>
    public double Seconds { get; init; }

    /// <summary>The manifest of a folder's present content.</summary>
    public static CheckpointManifest Of(string folder, long step, IReadOnlyDictionary<string, long> logs, double seconds)
    {
        var names = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
            .Where(name => name != FileName).Order(StringComparer.Ordinal).ToArray();
        var files = new ManifestFile[names.Length];
        Parallel.For(0, names.Length, i => files[i] = Describe(folder, names[i]));
        return new CheckpointManifest { Step = step, Files = files, Logs = logs, Seconds = seconds };
    }

    public string ToJson() => JsonSerializer.Serialize(this, JsonText.Indented) + "\n";

    /// <summary>Reads the manifest of a folder and holds every file against it.</summary>
    /// <exception cref="RlhfException">The checkpoint is damaged; the message says which file and how.</exception>
    public static CheckpointManifest ReadVerified(string folder)
    {
        var manifest = Read(folder);
        foreach (var file in manifest.Files) Verify(folder, file);
        return manifest;
    }

    /// <summary>Reads the manifest of a folder and believes it.</summary>
    public static CheckpointManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new RlhfException($"{path} is missing");
        try
        {
            var manifest = JsonSerializer.Deserialize<CheckpointManifest>(SmallFile.ReadBytes(path), JsonText.Indented) ?? throw new JsonException("holds null");
            return manifest.Files.All(file => file is { Path.Length: > 0, Sha256: not null }) ? manifest : throw new JsonException("a file has no path or no checksum");
        }
        catch (JsonException error)
        {
            throw new RlhfException($"{path} is damaged: {error.Message}", error);
        }
    }

    /// <summary>Holds a file against the manifest beside it or one folder up, where there is one of ours that lists it.</summary>
    /// <exception cref="RlhfException">The file is not what was written.</exception>
    public static void VerifyFile(string path)
    {
        path = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(path);
        for (var level = 0; level < 2 && folder is not null; level++, folder = Path.GetDirectoryName(folder))
        {
            var name = Path.GetRelativePath(folder, path).Replace('\\', '/');
            if (!File.Exists(Path.Combine(folder, FileName)) || Listed(folder, name) is not { } listed) continue;
            Verify(folder, listed);
            return;
        }
    }

    // Other software has manifests too.
    private static ManifestFile? Listed(string folder, string name)
    {
        try
        {
            return Read(folder).Files.FirstOrDefault(file => file.Path == name);
        }
        catch (RlhfException)
        {
            return null;
        }
    }

    private static void Verify(string folder, ManifestFile expected)
    {
        var path = Path.GetFullPath(Path.Combine(folder, expected.Path));
        if (!path.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)) throw new RlhfException($"{folder}: its manifest names a file outside it: {expected.Path}");
        if (!File.Exists(path)) throw new RlhfException($"{path} is missing");
        try
        {
            var size = new FileInfo(path).Length;
            if (size != expected.Size) throw new RlhfException($"{path} has {size} bytes; its manifest says {expected.Size}");
            if (Describe(folder, expected.Path).Sha256 != expected.Sha256) throw new RlhfException($"{path} differs from its checksum in {FileName}: it was damaged or changed after it was written");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A disk that gives up on a sector, for one: an older checkpoint may be whole.
            throw new RlhfException($"{path} cannot be read ({error.Message.TrimEnd('.')})", error);
        }
    }

    private static ManifestFile Describe(string folder, string name)
    {
        using var stream = new FileStream(Path.Combine(folder, name), new FileStreamOptions { BufferSize = 1 << 20, Options = FileOptions.SequentialScan });
        return new ManifestFile(name, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }
}
