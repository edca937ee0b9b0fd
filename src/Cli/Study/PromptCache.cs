using Rlhf.Evaluation;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Study;

/// <summary>What was computed of each prompt. The key that names the file stands for everything the numbers follow from.</summary>
internal sealed class PromptCache<T> : IDisposable where T : class
{
    private readonly Dictionary<int, T> _found = [];
    private readonly SummedFile<Line> _file;

    private PromptCache(string path, CancellationToken stop) => _file = new SummedFile<Line>(path, line => line.Found is not null, line => _found[line.Prompt] = line.Found, stop);

    private sealed record Line(int Prompt, T Found);

    /// <param name="folder">Made where it is missing.</param>
    /// <param name="name">What the file's name begins with.</param>
    /// <param name="key">Any text; its hash ends the file's name.</param>
    /// <param name="stop">Ends the wait for another process that has the file.</param>
    public static PromptCache<T> Open(string folder, string name, string key, CancellationToken stop) => new(Path.Combine(folder, $"{name}.{EpisodeCache.Hash(key)[..16]}.jsonl"), stop);

    /// <summary>Null where it is yet to be computed.</summary>
    public T? Find(int prompt) => _found.GetValueOrDefault(prompt);

    /// <summary>Adds what was found; it is on disk when this returns.</summary>
    public void Add(int prompt, T found)
    {
        _file.Add(new Line(prompt, found));
        _found[prompt] = found;
    }

    public void Dispose() => _file.Dispose();
}
