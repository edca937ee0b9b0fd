using System.Runtime.InteropServices;
using Rlhf.Cli.Commands;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Dpo;
using Rlhf.Foundation.Recipes;
using Rlhf.Ppo;
using Rlhf.Tests.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Cli.Tests.Stages;

public sealed class OutOfMemoryTests
{
    [Fact]
    public void Run_TensorThatFindsNoRoom_SaysWhatToLowerAndToWhat()
    {
        // Half an exabyte, by libtorch itself.
        Assert.Equal(
            "rlhf ppo: out of main memory: no room for 536870912.00 GiB; lower ppo.micro_batch_tokens from 4096 to 2048 or set ppo.gradient_checkpointing=true (the numbers stay the same) and run the same command again\n",
            Failing("ppo", new Recipe { Ppo = new PpoRecipe { MicroBatchTokens = 4096 } }, () => empty(1L << 57)));
    }

#pragma warning disable CA2201 // what TorchSharp and the runtime throw
    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79 GiB", 8192, "rlhf dpo: out of GPU memory: no room for 2.50 GiB; lower dpo.micro_batch_tokens from 8192 to 4096 or set dpo.gradient_checkpointing=true (the numbers stay the same) and run the same command again\n")]
    [InlineData("CUDA out of memory. Tried to allocate 2.50 GiB", 128, "rlhf dpo: out of GPU memory: no room for 2.50 GiB; set dpo.gradient_checkpointing=true (the numbers stay the same) and run the same command again\n")]
    [InlineData("CUDA error: out of memory", 8192, "rlhf dpo: out of GPU memory: no room; lower dpo.micro_batch_tokens")]
    [InlineData("CUDA error: unspecified launch failure\nSearch for `cudaErrorLaunchFailure' in the documentation\nCompile with `TORCH_USE_CUDA_DSA`", 8192, "rlhf dpo: the GPU failed (CUDA error: unspecified launch failure); run the same command again to go on from the last checkpoint; if it fails again, nvidia-smi and dmesg say more\n")]
    [InlineData("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(handle)`", 8192, "rlhf dpo: the GPU failed (CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(handle)`); run the same")]
    [InlineData("mat1 and mat2 shapes cannot be multiplied", 8192, "rlhf dpo: unexpected ExternalException: mat1 and mat2 shapes")]
    public void Run_ErrorOfLibtorch_IsToldApart(string message, int tokens, string line) =>
        Assert.StartsWith(line, Failing("dpo", new Recipe { Dpo = new DpoRecipe { MicroBatchTokens = tokens } }, () => throw new ExternalException(message)), StringComparison.Ordinal);

    [Theory]
    [InlineData("dpo", "dpo.gradient_checkpointing=true", "lower dpo.micro_batch_tokens from 16384 to 8192 (the numbers stay the same) and run the same command again")]
    [InlineData("dpo", "dpo.gradient_checkpointing=true dpo.micro_batch_tokens=256", "use a smaller model or dtype=bfloat16 or dpo.lora")]
    [InlineData("dpo", "dpo.gradient_checkpointing=true dpo.micro_batch_tokens=256 dpo.lora.rank=2 dtype=bfloat16", "use a smaller model")]
    [InlineData("curve", "curve.micro_batch_tokens=512", "lower curve.micro_batch_tokens from 512 to 256 (the numbers stay the same) and run the same command again")]
    [InlineData("doctor", "seed=1", "use a smaller model")]
    public void Line_WhatIsOnAlready_IsNotAskedFor(string command, string keys, string remedy) =>
        Assert.Equal($"rlhf {command}: out of main memory: no room; {remedy}\n", Failing(command, RecipeBinder.Bind<Recipe>("", "nowhere", keys.Split(' ')), () => throw new OutOfMemoryException()));

    [Fact]
    public void Line_Generation_NamesItsOwnKey() =>
        Assert.EndsWith("; lower batch_size from 8 to 4 (the numbers stay the same) and run the same command again\n", Failing("generate", new GenerateRecipe { BatchSize = 8 }, () => throw new OutOfMemoryException()), StringComparison.Ordinal);

#pragma warning restore CA2201

    [Fact]
    public void Demo_StageThatFindsNoRoom_NamesTheStagesKeys()
    {
        using var world = new TinyWorld();
        var ending = InProcess.Run(["demo", .. Sft(world, "sft.micro_batch_tokens=2048")]);
        Assert.Equal(1, ending.Code);
        Assert.Contains("rlhf demo: sft: out of main memory: no room for 262144.00 GiB; lower sft.micro_batch_tokens from 2048 to 1024 or set sft.gradient_checkpointing=true (the numbers stay the same) and run the same command again\n", ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false", "float32", "lower sft.micro_batch_tokens or set sft.gradient_checkpointing=true (the numbers stay the same), or use a smaller model or dtype=bfloat16\n")]
    [InlineData("true", "bfloat16", "lower sft.micro_batch_tokens (the numbers stay the same), or use a smaller model\n")]
    public void DryRun_MoreThanTheMachineHas_AdvisesWhatIsNotOnAlready(string checkpointing, string dtype, string advice)
    {
        using var world = new TinyWorld();
        foreach (var command in new[] { "sft", "demo" })
        {
            var ending = InProcess.Run([command, .. Sft(world, $"sft.gradient_checkpointing={checkpointing}", $"dtype={dtype}"), "--dry-run"]);
            Assert.Equal(0, ending.Code);
            Assert.Contains($"sft may run out of memory: {advice}", ending.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>A recipe of one stage, whose positions alone take more than an address has bits for.</summary>
    private static string[] Sft(TinyWorld world, params string[] more)
    {
        File.WriteAllText(world.Folder("texts.jsonl"), "{\"text\": \"abc\"}\n");
        File.WriteAllText(world.Folder("huge.yaml"), $$"""
            device: cpu
            out: {{world.Folder("out")}}
            sft:
              data: {{world.Folder("texts.jsonl")}}
              tokenizer: {{world.TokenizerFolder}}
              eval_share: 0
              from_scratch: {width: 32768, layers: 1, heads: 2, context: 2147483647}
            """);
        return [world.Folder("huge.yaml"), .. more];
    }

    private static string Failing(string name, object recipe, Func<object> work)
    {
        using var error = new StringWriter();
        var command = CommandTable.All.First(one => one.Name == name);
        var code = Failures.Report(command, recipe, error, new CommandContext { Output = TextWriter.Null, Progress = new Rlhf.Foundation.Runs.SilentProgress() }, Working);
        Assert.Equal(1, code);
        return error.ToString();

        int Working()
        {
            work();
            return 0;
        }
    }
}
