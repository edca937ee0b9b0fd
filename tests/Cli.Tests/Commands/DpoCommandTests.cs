using Rlhf.Cli.Tests.Whole;
using Rlhf.Policies.Checkpoints;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Commands;

public sealed class DpoCommandTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Dpo_PairsLongerThanTheContext_AreCutToItAndCounted()
    {
        // 40 bytes of prompt and a reply of 2 into 32 positions, with max_length as it comes: 512.
        var ending = Train($$"""{"prompt": "{{new string('a', 40)}}", "chosen": "x", "rejected": "y"}""");

        Assert.True(ending.Code == 0, ending.Error);
        Assert.Contains("1 pairs were cut to 32 tokens", ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chosen", "rejected")]
    [InlineData("rejected", "chosen")]
    public void Dpo_ReplyThatLeavesNoRoomForItsPrompt_IsLeftOutAndCounted(string side, string other)
    {
        // 31 bytes and the end of text fill the 32 positions; 30 leave room for one token of the prompt.
        var ending = Train(
            $$"""{"prompt": "ab", "{{side}}": "{{new string('x', 31)}}", "{{other}}": "y"}""",
            $$"""{"prompt": "ab", "{{side}}": "{{new string('x', 30)}}", "{{other}}": "y"}""");

        Assert.True(ending.Code == 0, ending.Error);
        Assert.Contains("1 row left out (too_long 1)", ending.Error, StringComparison.Ordinal);
        Assert.Contains("1 pairs were cut to 32 tokens", ending.Error, StringComparison.Ordinal);
    }

    private InProcess.Ending Train(params string[] rows)
    {
        var (model, data) = (_world.Folder("model"), _world.Folder("pairs.jsonl"));
        using (var policy = _world.Model()) ModelFolder.Save(policy, model, new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        File.WriteAllLines(data, rows);
        return InProcess.Run("dpo", $"out={_world.Folder("run")}", $"dpo.model={model}", $"dpo.data={data}", "dpo.eval_share=0", "dpo.batch_size=1");
    }
}
