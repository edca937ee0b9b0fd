using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization.Training;
using Rlhf.TestSupport;

namespace Rlhf.Tests.Program;

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
        Assert.Contains("to: found the folder of the model itself", ending.Error, StringComparison.Ordinal);
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
        Assert.Contains("to: found the file that is read", ending.Error, StringComparison.Ordinal);
        Assert.Equal("{\"prompt\": \"one two three\", \"chosen\": \"yes\"}\n", File.ReadAllText(file));
    }

    [Fact]
    public void BestOfN_OntoItsPrompts_IsRefused()
    {
        var file = _folder.At("prompts.jsonl");
        File.WriteAllText(file, "{\"prompt\": \"one\"}\n");

        var ending = InProcess.Run("best-of-n", _folder.Path, file, "score.length={}", $"to={file}", "--dry-run");

        Assert.Equal(1, ending.Code);
        Assert.Contains("to: found the file that is read", ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--dry-run")]
    public void Generate_TokenizerOfAnotherModel_IsOneLineThatSaysSo(params string[] more)
    {
        var folder = _folder.At("model");
        using (var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 3, 16), seed: 5)) ModelFolder.Save(model, folder);
        BpeTrainer.Train(["abc"], new BpeTrainingOptions { VocabularySize = 257 }).Save(folder);

        var ending = InProcess.Run(["generate", folder, "prompt=zebra", .. more]);

        Assert.Equal(1, ending.Code);
        Assert.Equal($"rlhf generate: {folder}: the tokenizer gives ids up to 256, but the model's vocabulary has 31; use the tokenizer that the model was trained with\n", ending.Error);
    }

    [Theory]
    [InlineData("sft.model={0}", "sft.data={1}")]
    [InlineData("reward.model={0}", "reward.data={1}")]
    [InlineData("ppo.model={0}", "ppo.prompts={1}", "ppo.score.length={{}}", "ppo.critic.kind=value_head")]
    [InlineData("dpo.model={0}", "dpo.data={1}")]
    [InlineData("model={0}", "prompts={1}", "score.length={{}}")]
    public void DryRun_TokenizerOfAnotherModel_IsToldBeforehand(params string[] words)
    {
        var (folder, file) = (_folder.At("model"), _folder.At("rows.jsonl"));
        using (var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 1, 3, 16), seed: 5)) ModelFolder.Save(model, folder);
        BpeTrainer.Train(["abc"], new BpeTrainingOptions { VocabularySize = 257 }).Save(folder);
        File.WriteAllText(file, "{}\n");
        var section = words[0].Split('.')[0];

        var ending = InProcess.Run([section.StartsWith("model", StringComparison.Ordinal) ? "best-of-n" : section, "device=cpu", "--dry-run", .. words.Select(word => string.Format(CultureInfo.InvariantCulture, word, folder, file))]);

        Assert.Equal(1, ending.Code);
        Assert.Contains($"{folder}: the tokenizer gives ids up to 256, but the model's vocabulary has 31", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_AddedTokenBeyondTheModel_IsNoFault()
    {
        // As in Llama 2: a pad token was added to the tokenizer, and never to the model.
        var folder = _folder.At("model");
        using (var model = CausalLm.Create(TransformerConfig.Gpt2(257, 24, 1, 3, 16), seed: 5)) ModelFolder.Save(model, folder);
        BpeTrainer.Train(["abc"], new BpeTrainingOptions { VocabularySize = 257 }).Save(folder);
        var file = Path.Combine(folder, "tokenizer.json");
        var tokenizer = JsonNode.Parse(File.ReadAllText(file))!;
        tokenizer["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 257, ["content"] = "<pad>", ["special"] = true });
        File.WriteAllText(file, tokenizer.ToJsonString());

        var ending = InProcess.Run("generate", folder, "prompt=zebra", "max_new_tokens=2");

        Assert.True(ending.Code == 0, ending.Error);
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
        Assert.Contains($"{words[^1][..^"=nope".Length]}: found 'nope'; expected auto, chatml, llama2, zephyr or plain", ending.Error, StringComparison.Ordinal);
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

    /// <summary>A run that can be reported on.</summary>
    private void Finished()
    {
        string[] words = ["tokenizer", $"out={_folder.Path}", $"tokenizer.data=[{Path.Combine(TestData.Repository, "data", "world", "prompts.eval.parquet")}]", "tokenizer.columns=[prompt]", "tokenizer.vocabulary_size=260"];
        Assert.Equal(0, InProcess.Run(words).Code);
    }
}
