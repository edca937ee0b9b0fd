using Rlhf.Cli.Tests.Whole;

namespace Rlhf.Cli.Tests.Stages;

/// <summary><c>resume=must</c> where several stages follow each other: the whole has something to go on from, later stages begin when their turn comes.</summary>
public sealed class ResumeMustTests : IDisposable
{
    private static readonly string Texts = Path.Combine(TestData.Repository, "data", "world", "sft.parquet");

    private readonly TemporaryFolder _folder = new();
    private readonly string _recipe;

    public ResumeMustTests()
    {
        _recipe = _folder.At("two.yaml");
        File.WriteAllText(_recipe, $$"""
            out: {{_folder.At("run")}}
            device: cpu
            tokenizer: {data: [{{Texts}}], vocabulary_size: 300}
            sft: {data: {{Texts}}, max_length: 32, epochs: 0.01, sample_every: 0, from_scratch: {width: 16, layers: 1, heads: 2, context: 32} }
            """);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Demo_FirstStageDone_BeginsTheNext()
    {
        Assert.Equal(0, InProcess.Run("tokenizer", _recipe).Code);

        var ending = InProcess.Run("demo", _recipe, "resume=must");

        Assert.True(ending.Code == 0, ending.Error);
        Assert.True(File.Exists(_folder.At("run", "sft", "final", "manifest.json")));
    }

    [Fact]
    public void Demo_NothingBegun_IsRefused()
    {
        var ending = InProcess.Run("demo", _recipe, "resume=must");

        Assert.Equal((1, $"rlhf demo: {_folder.At("run", "tokenizer")} holds no run to resume; check out= and name=, or leave resume=must away\n"), (ending.Code, ending.Error.Split('\n', 2)[1]));
        Assert.False(Directory.Exists(_folder.At("run")));
    }

    [Fact]
    public void Sweep_Begun_BeginsItsOtherPoints()
    {
        string[] words = ["sweep", _recipe, "sweep.grid={seed: [1, 2]}", "sweep.shared=[]", "sweep.stages=[tokenizer]", "sweep.part=point"];
        var refused = ProgramProcess.Run(_folder.Path, [.. words, "resume=must"]);
        Assert.Equal((1, $"rlhf sweep: {_folder.At("run", "sweep")} holds no sweep to resume; check out= and name=, or leave resume=must away\n"), (refused.Code, refused.Error));
        Assert.False(Directory.Exists(_folder.At("run")));
        var first = ProgramProcess.Run(_folder.Path, [.. words, "sweep.index=0"]);
        Assert.True(first.Code == 0, first.Error);

        var second = ProgramProcess.Run(_folder.Path, [.. words, "sweep.index=1", "resume=must"]);

        Assert.True(second.Code == 0, second.Error);
        Assert.True(File.Exists(_folder.At("run", "sweep", "seed=2", "tokenizer", "final", "manifest.json")));
    }
}
