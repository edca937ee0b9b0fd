using Rlhf.Foundation;
using Rlhf.Rewards.Judging;

namespace Rlhf.Rewards.Tests.Judging;

public sealed class AnswerCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_AfterACrashInTheMiddleOfALine_HasTheLinesBefore()
    {
        using (var cache = new AnswerCache(_folder.Path))
        {
            cache.Add("a", new Answer("7", 1, 2));
            cache.Add("b", new Answer("8\nlines", 3, 4));
        }

        var file = Directory.GetFiles(_folder.Path).Single();
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^5]);
        using var next = new AnswerCache(_folder.Path);
        Assert.Equal((new Answer("7", 1, 2), null), (next.Find("a"), next.Find("b")));
        Assert.Equal((1L, 2L), next.Tokens);
    }

    [Fact]
    public void Open_AnswerThatTheDiskChanged_IsNotBelieved()
    {
        using (var cache = new AnswerCache(_folder.Path)) Array.ForEach(["a", "b"], key => cache.Add(key, new Answer("7", 1, 2)));
        var file = Directory.GetFiles(_folder.Path).Single();
        var text = File.ReadAllText(file);
        var at = text.IndexOf("\"7\"", StringComparison.Ordinal);
        File.WriteAllText(file, $"{text[..at]}\"9\"{text[(at + 3)..]}");

        Assert.Equal($"{file}: damaged (a line differs from its checksum); delete it, and what it held is asked again", Assert.Throws<RlhfException>(() => new AnswerCache(_folder.Path)).Message);
    }

    [Fact]
    public void Add_BySeveralAtATime_LosesNothing()
    {
        using (var one = new AnswerCache(_folder.Path))
        using (var other = new AnswerCache(_folder.Path))
        {
            for (var i = 0; i < 50; i++) (i % 2 == 0 ? one : other).Add($"{i}", new Answer($"{i}", 1, 1));
        }

        using var next = new AnswerCache(_folder.Path);
        Assert.All(Enumerable.Range(0, 50), i => Assert.Equal($"{i}", next.Find($"{i}")?.Text));
    }

    [Fact]
    public void Open_DamagedInTheMiddle_NamesTheFile()
    {
        _folder.With("answers-1.jsonl", "{\"key\":\"a\",\"text\":\"7\"}\nrubbish\n{\"key\":\"b\",\"text\":\"8\"}\n");
        Assert.Contains("answers-1.jsonl: damaged", Assert.Throws<RlhfException>(() => new AnswerCache(_folder.Path)).Message, StringComparison.Ordinal);
    }
}
