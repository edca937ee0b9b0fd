using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Rlhf.Foundation.Files;
using Rlhf.Ppo;

namespace Rlhf.Evaluation;

/// <summary>
/// What was evaluated of one policy: a file that only grows, a line for each part (one sample of some prompts). The key
/// that names the file stands for everything the numbers follow from, so what is found there need not be computed
/// again; a line that a crash cut short is dropped. One process at a time writes; another one waits for its results.
/// </summary>
internal sealed class EpisodeCache : IDisposable
{
    private readonly Dictionary<string, EvaluatedEpisode[]> _parts = [];
    private readonly SummedFile<Part> _file;

    private EpisodeCache(string path, CancellationToken stop) =>
        _file = new SummedFile<Part>(path, part => part is { Key: not null, Episodes: not null } && !part.Episodes.Contains(null), part => _parts[part.Key] = part.Episodes, stop);

    private sealed record Part(string Key, EvaluatedEpisode[] Episodes);

    /// <param name="folder">Made where it is missing.</param>
    /// <param name="key">Any text; its hash is the file's name.</param>
    /// <param name="stop">Ends the wait for another process that has the file.</param>
    public static EpisodeCache Open(string folder, string key, CancellationToken stop) => new(Path.Combine(folder, $"{Hash(key)}.jsonl"), stop);

    /// <summary>What is there of one sample of some prompts; null where it is yet to be computed.</summary>
    public EvaluatedEpisode[]? Find(IReadOnlyList<Prompt> prompts, int sample) => _parts.GetValueOrDefault(KeyOf(prompts, sample));

    /// <summary>Adds a part; it is on disk when this returns.</summary>
    public void Add(IReadOnlyList<Prompt> prompts, int sample, EvaluatedEpisode[] episodes)
    {
        var part = new Part(KeyOf(prompts, sample), episodes);
        _file.Add(part);
        _parts[part.Key] = episodes;
    }

    public void Dispose() => _file.Dispose();

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];

    private static string KeyOf(IReadOnlyList<Prompt> prompts, int sample)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var prompt in prompts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{prompt.Index}\0{prompt.Text}\0"));
            hash.AppendData(MemoryMarshal.AsBytes(prompt.Tokens.AsSpan()));
            foreach (var (column, fact) in prompt.Facts.OrderBy(pair => pair.Key, StringComparer.Ordinal)) hash.AppendData(Encoding.UTF8.GetBytes($"\0{column}\0{fact}"));
        }

        return $"{sample}-{Convert.ToHexStringLower(hash.GetHashAndReset())[..32]}";
    }
}
