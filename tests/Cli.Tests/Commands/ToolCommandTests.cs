using System.Globalization;
using System.Text.Json;
using Rlhf.Cli.Tests.Whole;

namespace Rlhf.Cli.Tests.Commands;

public sealed class ToolCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void DataInspect_HelpfulBase_FindsItsKnownDefects()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);

        var ending = InProcess.Run("data", "inspect", TestData.At("preferences", "hh-helpful-base.jsonl.gz"), "--json");

        var found = JsonDocument.Parse(ending.Output).RootElement;
        Assert.Equal(0, ending.Code);
        Assert.Equal(2354, found.GetProperty("rows").GetInt64());
        Assert.Equal("jsonl.gz", found.GetProperty("format").GetString());
        // The defects that the data's own description names.
        Assert.Equal("""{"empty_reply":4,"identical_sides":2,"prompts_differ":9}""", found.GetProperty("defects").GetRawText());
    }

    [Fact]
    public void DataInspect_WithTokenizer_CountsTokensAndLongRows()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var file = _folder.At("texts.jsonl");
        File.WriteAllText(file, "{\"text\": \"Once upon a time\"}\n{\"text\": \"Once upon a time, there was a little girl named Lily.\"}\n");

        var ending = InProcess.Run("data", "inspect", file, $"tokenizer={TestData.At("models", "stories260K")}", "longest=5", "--json");

        var found = JsonDocument.Parse(ending.Output).RootElement;
        Assert.Equal(4, found.GetProperty("lengths").GetProperty("text").GetProperty("tokens").GetProperty("longest").GetInt32());
        Assert.Equal(1, found.GetProperty("defects").GetProperty("too_long").GetInt32());
    }

    [Fact]
    public void DataConvert_ThereAndBack_KeepsEveryRow()
    {
        var shipped = Path.Combine(TestData.Repository, "data", "world", "prompts.eval.parquet");

        Assert.Equal(0, InProcess.Run("data", "convert", shipped, _folder.At("prompts.jsonl.gz")).Code);
        Assert.Equal(0, InProcess.Run("data", "convert", _folder.At("prompts.jsonl.gz"), _folder.At("prompts.parquet")).Code);

        Assert.True(File.ReadAllBytes(shipped).AsSpan().SequenceEqual(File.ReadAllBytes(_folder.At("prompts.parquet"))));
    }

    [Fact]
    public void DataConvert_UnknownFormat_SaysWhichThereAre()
    {
        var shipped = Path.Combine(TestData.Repository, "data", "world", "prompts.eval.parquet");

        var ending = InProcess.Run("data", "convert", shipped, _folder.At("prompts.xlsx"));

        Assert.Equal(1, ending.Code);
        Assert.Contains("the extension names no format", ending.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.At("prompts.xlsx")));
    }

    [Fact]
    public void DataMake_ShippedSeed_GivesTheShippedFiles()
    {
        Assert.Equal(0, InProcess.Run("data", "make", _folder.Path).Code);

        foreach (var name in (string[])["sft.parquet", "pairs.parquet", "prompts.train.parquet", "prompts.eval.parquet"])
            Assert.True(File.ReadAllBytes(_folder.At(name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(TestData.Repository, "data", "world", name))), name);
    }

    [Fact]
    public void ModelInfo_Stories260K_CountsItsParameters()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);

        var found = JsonDocument.Parse(InProcess.Run("model", "info", TestData.At("models", "stories260K"), "--json").Output).RootElement;

        Assert.Equal(260_032, found.GetProperty("parameters").GetInt64());
        Assert.Equal(16 * 260_032, found.GetProperty("memory").GetProperty("training").GetInt64());
        Assert.Equal(4, found.GetProperty("config").GetProperty("key_value_heads").GetInt32());
    }

    [Fact]
    public void ModelConvert_ToBfloat16_HalvesTheWeightsAndKeepsTheTokenizer()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var source = TestData.At("models", "stories260K");

        Assert.Equal(0, InProcess.Run("model", "convert", source, _folder.At("half"), "dtype=bfloat16").Code);

        // Two bytes for each of 260,032 parameters, and a header of a few kilobytes.
        Assert.InRange(new FileInfo(_folder.At("half", "model.safetensors")).Length, 520_064, 530_000);
        Assert.Equal(File.ReadAllBytes(Path.Combine(source, "tokenizer.json")), File.ReadAllBytes(_folder.At("half", "tokenizer.json")));
    }

    [Fact]
    public void ModelExport_ToGguf_WritesOneFileOfTheType()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var source = TestData.At("models", "stories260K");

        Assert.Equal(0, InProcess.Run("model", "export", source, _folder.At("whole.gguf")).Code);
        Assert.Equal(0, InProcess.Run("model", "export", source, _folder.At("half.gguf"), "dtype=float16").Code);

        // The format's first four letters; four bytes for each of 260,032 parameters and two, and the tokenizer's 512 tokens.
        Assert.Equal("GGUF", System.Text.Encoding.ASCII.GetString(File.ReadAllBytes(_folder.At("whole.gguf")).AsSpan(0, 4)));
        Assert.InRange(new FileInfo(_folder.At("whole.gguf")).Length, 4 * 260_032, 4 * 260_032 + 60_000);
        Assert.InRange(new FileInfo(_folder.At("half.gguf")).Length, 2 * 260_032, 2 * 260_032 + 60_000);
    }

    [Fact]
    public void ModelExport_WithoutAFileOrOntoAFolder_IsWrongUsage()
    {
        using var model = new TemporaryFolder();

        Assert.Equal((2, "rlhf model: export writes a file: rlhf model export FROM FILE.gguf dtype=float16\n"), (InProcess.Run("model", "export", model.Path).Code, InProcess.Run("model", "export", model.Path).Error));
        Assert.Contains("is a folder; export writes a file", InProcess.Run("model", "export", model.Path, _folder.Path).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft", "sft.data=x", "sft.chat_template=nope")]
    [InlineData("reward", "reward.data=x", "reward.chat_template=nope")]
    [InlineData("ppo", "ppo.chat_template=nope")]
    [InlineData("dpo", "dpo.chat_template=nope")]
    [InlineData("best-of-n", "model=x", "prompt=a", "chat_template=nope")]
    [InlineData("reward eval", "chat_template=nope")]
    public void ChatTemplate_ThatIsNone_IsRefusedWithTheRecipe(string command, params string[] words)
    {
        var ending = InProcess.Run([.. command.Split(' '), .. words]);

        Assert.Equal(2, ending.Code);
        Assert.Contains($"{words[^1][..^"=nope".Length]}: found nope; expected one of auto, chatml, llama2, zephyr, plain", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenizer_TextsWithoutText_AreRefused()
    {
        var file = _folder.At("empty.txt");
        File.WriteAllText(file, "");

        var ending = InProcess.Run("tokenizer", $"out={_folder.At("run")}", $"tokenizer.data=[{file}]");

        Assert.Equal(1, ending.Code);
        Assert.Contains($"{file} is empty", ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rlhf data: no file given; expected rlhf data inspect FILE, rlhf data convert FILE TO, or rlhf data make FOLDER", "data")]
    [InlineData("rlhf data: convert writes another file: rlhf data convert FILE TO", "data", "convert", "{0}")]
    [InlineData("rlhf model: no model given; expected rlhf model info FOLDER", "model")]
    [InlineData("rlhf model: convert writes to another folder: rlhf model convert FROM TO dtype=bfloat16", "model", "convert", "/tmp")]
    [InlineData("rlhf report: no run given; expected rlhf report runs/NAME", "report")]
    [InlineData("rlhf report: no run given; expected rlhf report runs/NAME", "report", "--dry-run")]
    [InlineData("rlhf tokenizer info: no tokenizer given; expected rlhf tokenizer info FOLDER", "tokenizer", "info")]
    [InlineData("rlhf reward eval: expected rlhf reward eval MODEL DATA", "reward", "eval")]
    [InlineData("rlhf best-of-n: score: names no source of scores; expected at least one", "best-of-n", "/tmp", "prompt=a")]
    [InlineData("rlhf sweep: no grid given; expected sweep.grid=", "sweep")]
    [InlineData("rlhf tokenizer: the recipe has no section tokenizer; see rlhf tokenizer --help", "tokenizer")]
    [InlineData("rlhf sft: the recipe has no section sft; see rlhf sft --help", "sft")]
    [InlineData("rlhf reward: the recipe has no section reward; see rlhf reward --help", "reward")]
    [InlineData("rlhf ppo: the recipe has no section ppo; see rlhf ppo --help", "ppo")]
    [InlineData("rlhf dpo: the recipe has no section dpo; see rlhf dpo --help", "dpo")]
    public void Tool_WhatIsNotGiven_IsWrongUsageInOneLine(string message, params string[] words)
    {
        var file = _folder.At("rows.jsonl");
        File.WriteAllText(file, "{}\n");

        var ending = InProcess.Run([.. words.Select(word => string.Format(CultureInfo.InvariantCulture, word, file))]);

        Assert.Equal(2, ending.Code);
        Assert.StartsWith(message, ending.Error, StringComparison.Ordinal);
        Assert.Equal(1, ending.Error.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("rlhf data: nowhere.jsonl: no such file; inspect reads .jsonl, .json, either with .gz, and .parquet", "data", "inspect", "nowhere.jsonl")]
    [InlineData("rlhf report: nowhere: no such run directory; give", "report", "nowhere")]
    [InlineData("rlhf tokenizer: tokenizer.data: nowhere.txt: no such file (looked from", "tokenizer", "tokenizer.data=[nowhere.txt]", "--dry-run")]
    public void Tool_WhatIsNotThere_IsOneLine(string message, params string[] words)
    {
        var ending = InProcess.Run(words);

        Assert.Equal(1, ending.Code);
        Assert.StartsWith(message, ending.Error, StringComparison.Ordinal);
        Assert.Equal(1, ending.Error.Count(c => c == '\n'));
    }

    [Fact]
    public void TokenizerInfo_Llama_NamesWhatItIs()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var folder = TestData.At("models", "stories15M");

        Assert.Equal(
            $"{folder}: byte_fallback, 32000 tokens, 61249 merges\n  bos <s>, eos </s>, pad none; special: <unk> <s> </s>\n  around a text: <s> text; chat template: none\n",
            InProcess.Run("tokenizer", "info", folder).Output);
        Assert.Equal(
            """{"kind":"byte_fallback","vocabulary_size":32000,"merges":61249,"special_tokens":["<unk>","<s>","</s>"],"bos":"<s>","eos":"</s>","pad":null,"before":["<s>"],"after":[],"chat_template":null}""",
            InProcess.Run("tokenizer", "info", folder, "--json").Output.TrimEnd());
    }

    [Theory]
    [InlineData("text", "<|endoftext|>a", "[50256,64]")]
    [InlineData("ordinary", " Hello", "[18435]")]
    [InlineData("specials", " Hello", "[18435]")]
    public void TokenizerEncode_Gpt2_ShowsIds(string with, string text, string ids)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var found = JsonDocument.Parse(InProcess.Run("tokenizer", "encode", TestData.At("tokenizers", "gpt2"), text, $"with={with}", "--json").Output).RootElement;

        Assert.Equal(ids, found.GetProperty("ids").GetRawText());
    }

    [Theory]
    [InlineData("tokenizer")]
    [InlineData("tokenizer", "train")]
    public void Tokenizer_EitherName_Trains(params string[] words)
        => Assert.StartsWith("rlhf tokenizer: the recipe has no section tokenizer", InProcess.Run(words).Error, StringComparison.Ordinal);

    [Fact]
    public void Tokenizer_Stage_LeavesATokenizerIsDoneTheSecondTimeAndCanBeReported()
    {
        string[] words = ["tokenizer", $"out={_folder.Path}", $"tokenizer.data=[{Path.Combine(TestData.Repository, "data", "world", "sft.parquet")}]", "tokenizer.vocabulary_size=300"];

        Assert.Equal(0, InProcess.Run(words).Code);
        var written = File.GetLastWriteTimeUtc(_folder.At("tokenizer", "final", "tokenizer.json"));
        var again = InProcess.Run(words);

        Assert.Equal((0, $"tokenizer: done, in {_folder.At("tokenizer", "final")}\n"), (again.Code, again.Error));
        Assert.Equal(written, File.GetLastWriteTimeUtc(_folder.At("tokenizer", "final", "tokenizer.json")));
        var report = InProcess.Run("report", _folder.Path);
        Assert.StartsWith($"{_folder.At("report.html")}\nNothing to judge yet", report.Output, StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", File.ReadAllText(_folder.At("report.html")), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(300, Rlhf.Policies.Tokenization.TextTokenizer.Load(_folder.At("tokenizer", "final")).VocabularySize);
    }
}
