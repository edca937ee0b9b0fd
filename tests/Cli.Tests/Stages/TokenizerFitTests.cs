using System.Globalization;
using System.Text.Json.Nodes;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Cli.Tests.Stages;

/// <summary>A tokenizer whose ids the model has no rows for is told before anything is computed.</summary>
public sealed class TokenizerFitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

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
}
