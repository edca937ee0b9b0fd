using System.Text;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Rewards.Judging;

/// <summary>
/// Answers on disk, a line for each, so that no question is paid for twice, by this run or the next. Several processes may
/// share a folder: each writes a file of its own and reads all of them when it begins. A line that a crash cut short is dropped.
/// </summary>
internal sealed class AnswerCache : IDisposable
{
    private readonly Dictionary<string, Answer> _answers = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly string _own;
    private FileStream? _file;

    public AnswerCache(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var path in Directory.EnumerateFiles(folder, "answers-*.jsonl").Order(StringComparer.Ordinal)) Read(path);
        _own = Path.Combine(folder, $"answers-{Guid.NewGuid():n}.jsonl");
    }

    /// <summary>Tokens of all answers that are kept.</summary>
    public (long Input, long Output) Tokens
    {
        get { lock (_lock) return (_answers.Values.Sum(answer => answer.InputTokens), _answers.Values.Sum(answer => answer.OutputTokens)); }
    }

    public Answer? Find(string key)
    {
        lock (_lock) return _answers.GetValueOrDefault(key);
    }

    /// <summary>It is on disk when this returns.</summary>
    public void Add(string key, Answer answer)
    {
        lock (_lock)
        {
            _answers[key] = answer;
            _file ??= new FileStream(_own, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            _file.Write(Encoding.UTF8.GetBytes(SummedLine.Of(JsonSerializer.Serialize(new Line(key, answer.Text, answer.InputTokens, answer.OutputTokens), JsonText.Lines)) + "\n"));
            _file.Flush(flushToDisk: true);
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, Encoding.UTF8);
        while (reader.ReadLine() is { } text)
        {
            try
            {
                if (!SummedLine.Holds(text)) throw new JsonException("a line differs from its checksum");
                if (JsonSerializer.Deserialize<Line>(text, JsonText.Lines) is { Key: not null, Text: not null } line) _answers[line.Key] = new Answer(line.Text, line.InputTokens, line.OutputTokens);
            }
            catch (JsonException error) when (reader.Peek() >= 0)
            {
                throw new RlhfException($"{path}: damaged ({error.Message.TrimEnd('.')}); delete it, and what it held is asked again", error);
            }
            catch (JsonException)
            {
                // The last line, which a crash cut short.
            }
        }
    }

    private sealed record Line(string Key, string Text, long InputTokens, long OutputTokens);
}
