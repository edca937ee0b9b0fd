using System.Globalization;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;

namespace Rlhf.Cli.Tests.Stages;

/// <summary>Where commands read and write: what is there already, what cannot be, and what must not be written over.</summary>
public sealed class PlaceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model")]
    [InlineData("model/")]
    [InlineData("link")]
    [InlineData("elsewhere/../model")]
    public void ModelConvert_OntoItself_IsRefusedAndLeavesTheFolderAsItWas(string to)
    {
        var source = _folder.At("model");
        using (var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 3, 16), seed: 5)) ModelFolder.Save(model, source);
        File.WriteAllText(Path.Combine(source, "pytorch_model.bin"), "another copy of the weights");
        Directory.CreateSymbolicLink(_folder.At("link"), source);
        var before = Directory.GetFiles(source).ToDictionary(path => path, File.ReadAllBytes);

        var ending = InProcess.Run("model", "convert", source, _folder.At(to), "dtype=bfloat16");

        Assert.Equal(1, ending.Code);
        Assert.Contains($"to: {_folder.At(to)}: found the folder that is read", ending.Error, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(source).ToDictionary(path => path, File.ReadAllBytes));
    }

    [Fact]
    public void DataConvert_OntoItself_IsRefusedAndLeavesTheFileAsItWas()
    {
        var file = _folder.At("rows.jsonl");
        File.WriteAllText(file, "{\"prompt\": \"one two three\", \"chosen\": \"yes\"}\n");
        Directory.CreateSymbolicLink(_folder.At("link"), _folder.Path);

        var ending = InProcess.Run("data", "convert", file, _folder.At("link", "rows.jsonl"), "first_words=1");

        Assert.Equal(1, ending.Code);
        Assert.Contains($"to: {_folder.At("link", "rows.jsonl")}: found the file that is read", ending.Error, StringComparison.Ordinal);
        Assert.Equal("{\"prompt\": \"one two three\", \"chosen\": \"yes\"}\n", File.ReadAllText(file));
    }

    [Fact]
    public void BestOfN_OntoItsPrompts_IsRefused()
    {
        var file = _folder.At("prompts.jsonl");
        File.WriteAllText(file, "{\"prompt\": \"one\"}\n");

        var ending = InProcess.Run("best-of-n", _folder.Path, file, "score.length={}", $"to={file}", "--dry-run");

        Assert.Equal(1, ending.Code);
        Assert.Contains($"to: {file}: found the file that is read", ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("generate", "prompts={0}", "model={0}")]
    [InlineData("tokenizer", "tokenizer.data=[{0}]")]
    public void File_ThatIsAFolder_IsSaidToBeOne(params string[] words)
    {
        var ending = InProcess.Run([.. words.Select(word => string.Format(CultureInfo.InvariantCulture, word, _folder.Path))]);

        Assert.Equal(1, ending.Code);
        Assert.Contains($"{_folder.Path}: is a folder; expected a file", ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rlhf sft: the override out=: out: found nothing; expected a folder, or no out= at all for runs/<name>", "sft", "sft.data=texts.jsonl", "out=")]
    [InlineData("rlhf demo: the override name=: name: found nothing; expected a name, the folder of the run in runs/", "demo", "name=")]
    [InlineData("rlhf reward eval: the override out=: out: found nothing; expected a folder, or no out= at all for no report", "reward", "eval", "out=")]
    [InlineData("rlhf report: the override to=: to: found nothing; expected a file, or no to= at all for report.html in the run's folder", "report", "to=")]
    public void Place_LeftEmpty_IsRefused(string message, params string[] words)
    {
        var ending = InProcess.Run([.. words, "--dry-run"]);

        Assert.Equal((2, message + "\n"), (ending.Code, ending.Error));
    }

    [Fact]
    public void Out_WhereAFileIs_NamesTheFolderAndTheKey()
    {
        var file = _folder.At("taken");
        File.WriteAllText(file, "text");

        var ending = InProcess.Run("tokenizer", $"out={file}", $"tokenizer.data=[{file}]");

        Assert.Equal(1, ending.Code);
        Assert.Contains($"{Path.Combine(file, "tokenizer")}: the run's folder cannot be made", ending.Error, StringComparison.Ordinal);
        Assert.Contains("choose another with out=", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_ToAFolder_IsRefusedBeforeItIsWritten()
    {
        var ending = InProcess.Run("report", _folder.Path, $"to={_folder.Path}", "--dry-run");

        Assert.Equal((1, $"rlhf report: to: {_folder.Path}: is a folder; expected a file\n"), (ending.Code, ending.Error));
    }

    [Fact]
    public void Report_ToAFolderThatIsNotThere_MakesIt()
    {
        Finished();

        var ending = InProcess.Run("report", _folder.Path, $"to={_folder.At("new", "folder", "report.html")}");

        Assert.True(ending.Code == 0, ending.Error);
        Assert.True(File.Exists(_folder.At("new", "folder", "report.html")));
    }

    [Fact]
    public void Report_ToAFolderThatCannotBeMade_NamesTheKey()
    {
        Finished();
        File.WriteAllText(_folder.At("taken"), "text");
        var target = _folder.At("taken", "report.html");

        var ending = InProcess.Run("report", _folder.Path, $"to={target}");

        Assert.Equal(1, ending.Code);
        Assert.StartsWith($"rlhf report: to: {target}: cannot be written (", ending.Error, StringComparison.Ordinal);
        Assert.EndsWith("); choose another place\n", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void DataMake_WhereAFileIs_NamesTheKey()
    {
        var file = _folder.At("taken");
        File.WriteAllText(file, "text");

        var ending = InProcess.Run("data", "make", file);

        Assert.Equal(1, ending.Code);
        Assert.StartsWith($"rlhf data: file: {file}: cannot be written (", ending.Error, StringComparison.Ordinal);
        Assert.EndsWith("); choose another place\n", ending.Error, StringComparison.Ordinal);
    }

    /// <summary>A run that can be reported on.</summary>
    private void Finished()
    {
        string[] words = ["tokenizer", $"out={_folder.Path}", $"tokenizer.data=[{Path.Combine(TestData.Repository, "data", "world", "prompts.eval.parquet")}]", "tokenizer.columns=[prompt]", "tokenizer.vocabulary_size=260"];
        Assert.Equal(0, InProcess.Run(words).Code);
    }
}
