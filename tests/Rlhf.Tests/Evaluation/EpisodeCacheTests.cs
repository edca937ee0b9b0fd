using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Ppo;

namespace Rlhf.Tests.Evaluation;

public sealed class EpisodeCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Prompt[] _prompts = [new(0, "p", [1, 2])];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_WhatWasAdded_IsThere()
    {
        Write();

        using var cache = EpisodeCache.Open(_folder.Path, "key", default);
        Assert.Equal(0.625, Assert.Single(cache.Find(_prompts, 0)!).Proxy);
        Assert.Null(cache.Find(_prompts, 1));
    }

    [Fact]
    public void Open_NumberThatTheDiskChanged_IsNotBelieved()
    {
        Write();
        Replace("0.625", "0.725");

        Assert.Contains("damaged (a line differs from its checksum); delete it, and what it held is computed again", Assert.Throws<RlhfException>(() => EpisodeCache.Open(_folder.Path, "key", default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LineOfAnEarlierBuildWithoutASum_IsRead()
    {
        Write();
        var file = Directory.GetFiles(_folder.Path).Single();
        File.WriteAllText(file, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(file), ",\"sum\":\"[0-9a-f]+\"", ""));

        using var cache = EpisodeCache.Open(_folder.Path, "key", default);
        Assert.NotNull(cache.Find(_prompts, 0));
    }

    [Theory]
    [InlineData("{\"key\":null,\"episodes\":[]}")]
    [InlineData("{\"key\":\"k\"}")]
    [InlineData("{\"key\":\"k\",\"episodes\":[null]}")]
    public void Open_LineThatIsNoPart_IsRefusedInOneLine(string line)
    {
        Write();
        File.AppendAllText(Directory.GetFiles(_folder.Path).Single(), line + "\n");

        Assert.Contains("delete it, and what it held is computed again", Assert.Throws<RlhfException>(() => EpisodeCache.Open(_folder.Path, "key", default)).Message, StringComparison.Ordinal);
    }

    private void Write()
    {
        using var cache = EpisodeCache.Open(_folder.Path, "key", default);
        cache.Add(_prompts, 0, [new EvaluatedEpisode { Prompt = 0, Sample = 0, Tokens = [3, 4], Ended = true, Proxy = 0.625, K1 = 0.1, K3 = 0.2, ExactKl = 0.15, Entropy = 1.5 }]);
    }

    private void Replace(string old, string @new)
    {
        var file = Directory.GetFiles(_folder.Path).Single();
        File.WriteAllText(file, File.ReadAllText(file).Replace(old, @new, StringComparison.Ordinal));
    }
}
