using System.Text;
using System.Text.Json;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Study;

/// <summary>
/// What was computed of each prompt: a file that only grows, a line for a prompt. The key that names the file stands for everything
/// the numbers follow from; a line that a crash cut short is dropped.
/// </summary>
internal sealed class PromptCache<T> : IDisposable where T : class
{
    private readonly FileStream _file;
    private readonly Dictionary<int, T> _found = [];

    private PromptCache(FileStream file) => _file = file;

    private sealed record Line(int Prompt, T Found);

    /// <param name="folder">Made where it is missing.</param>
    /// <param name="name">What the file's name begins with.</param>
    /// <param name="key">Any text; its hash ends the file's name.</param>
    public static PromptCache<T> Open(string folder, string name, string key)
    {
        Directory.CreateDirectory(folder);
        var cache = new PromptCache<T>(new FileStream(Path.Combine(folder, $"{name}.{EpisodeCache.Hash(key)[..16]}.jsonl"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        cache.Read();
        return cache;
    }

    /// <summary>Null where it is yet to be computed.</summary>
    public T? Find(int prompt) => _found.GetValueOrDefault(prompt);

    /// <summary>Adds what was found; it is on disk when this returns.</summary>
    public T Add(int prompt, T found)
    {
        _file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new Line(prompt, found), JsonText.Lines) + "\n"));
        _file.Flush(flushToDisk: true);
        return _found[prompt] = found;
    }

    public void Dispose() => _file.Dispose();

    private void Read()
    {
        var bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);
        var whole = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        foreach (var line in Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                var found = JsonSerializer.Deserialize<Line>(line, JsonText.Lines)!;
                _found[found.Prompt] = found.Found;
            }
            catch (JsonException error)
            {
                throw new RlhfException($"{_file.Name}: damaged ({error.Message.TrimEnd('.')}); delete it, and what it held is computed again", error);
            }
        }

        _file.SetLength(whole);
        _file.Seek(0, SeekOrigin.End);
    }
}
