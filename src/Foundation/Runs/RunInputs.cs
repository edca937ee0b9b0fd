using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Runs;

/// <summary>
/// <c>inputs.json</c>: a fingerprint of every file and folder a run was made from. A run goes on, or counts as done,
/// only while they are the same: a reward model trained anew makes the PPO run that used the old one stale.
/// </summary>
internal static class RunInputs
{
    private const string FileName = "inputs.json";
    private const int Sampled = 1 << 20;

    // What says nothing about a model: how long the logs of its run were, its card, where it was fetched from.
    private static readonly string[] s_aside = [CheckpointManifest.FileName, "README.md", ".hub"];

    // Runs of before there were cards counted those of models from elsewhere.
    private static readonly string[] s_notCounted = [CheckpointManifest.FileName];

    /// <summary>The fingerprint of each input as it is now.</summary>
    public static IReadOnlyDictionary<string, string> Of(IEnumerable<string> inputs) => inputs.Distinct().ToDictionary(path => path, Fingerprint);

    /// <param name="warn">Is told of inputs that the record of a run under way lacks: nobody knows whether they have changed.</param>
    internal static void Check(string folder, IReadOnlyList<string> inputs, Action<string> warn)
    {
        var now = Of(inputs);
        var before = Read(Path.Combine(folder, FileName));
        foreach (var (input, print) in now)
        {
            if (before.TryGetValue(input, out var old) && old != print && old != Fingerprint(input, s_notCounted))
                throw new StaleRunException($"{folder} was made from {input}, which has changed since", "start this stage over with resume=never, or choose another folder with out=…");
        }

        string[] added = [.. now.Keys.Where(input => before.TryAdd(input, now[input]))];
        if (added.Length == 0) return;
        warn($"{folder} has no fingerprint of {string.Join(", ", added)} from when it was begun; what is there now counts as unchanged, and is held to from here on");
        Write(folder, before);
    }

    internal static void Write(string folder, IReadOnlyDictionary<string, string> fingerprints) =>
        Durable.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(fingerprints, JsonText.Indented) + "\n");

    /// <summary>SHA-256 over names, sizes and content; of files above 2 MiB the first and the last MiB stand for the content.</summary>
    internal static string Fingerprint(string input) => Fingerprint(input, s_aside);

    private static string Fingerprint(string input, string[] aside)
    {
        var files = Directory.Exists(input) ? Directory.GetFiles(input).Order(StringComparer.Ordinal).ToArray()
            : File.Exists(input) ? [input]
            : throw new RlhfException($"{input}: no such file or folder; check the path in the recipe");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            if (aside.Contains(Path.GetFileName(file))) continue;
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
