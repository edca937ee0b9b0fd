using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Rlhf.Policies.Runs;

/// <summary>
/// <c>inputs.json</c>: a fingerprint of every file and folder a run was made from. A run goes on, or counts as done,
/// only while they are the same: a reward model trained anew makes the PPO run that used the old one stale.
/// </summary>
internal static class RunInputs
{
    private const string FileName = "inputs.json";
    private const int Sampled = 1 << 20;

    public static void Check(string folder, IReadOnlyList<string> inputs)
    {
        var now = inputs.Distinct().ToDictionary(path => path, Fingerprint);
        var path = Path.Combine(folder, FileName);
        var before = Read(path);
        foreach (var (input, print) in now)
        {
            if (before.TryGetValue(input, out var old) && old != print)
                throw new RlhfException($"{folder} was made from {input}, which has changed since; start this stage over with resume=never, or choose another folder with out=…");
        }

        if (now.Count > 0 && before.Count == 0) Durable.WriteText(path, JsonSerializer.Serialize(now, JsonText.Indented) + "\n");
    }

    /// <summary>SHA-256 over names, sizes and content; of files above 2 MiB the first and the last MiB stand for the content.</summary>
    internal static string Fingerprint(string input)
    {
        var files = Directory.Exists(input) ? Directory.GetFiles(input).Order(StringComparer.Ordinal).ToArray()
            : File.Exists(input) ? [input]
            : throw new RlhfException($"{input}: no such file or folder; check the path in the recipe");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            // The manifest of a finished run holds how long its logs were, which says nothing about the model.
            if (Path.GetFileName(file) == CheckpointManifest.FileName) continue;
            Add(hash, file);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, string file)
    {
        using var stream = File.OpenRead(file);
        hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(file)}\0{stream.Length}\0"));
        var buffer = new byte[(int)Math.Min(stream.Length, Sampled)];
        stream.ReadExactly(buffer);
        hash.AppendData(buffer);
        if (stream.Length <= Sampled) return;
        stream.Position = Math.Max(Sampled, stream.Length - Sampled);
        var rest = buffer.AsSpan(0, (int)(stream.Length - stream.Position));
        stream.ReadExactly(rest);
        hash.AppendData(rest);
    }

    private static Dictionary<string, string> Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(path)) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
