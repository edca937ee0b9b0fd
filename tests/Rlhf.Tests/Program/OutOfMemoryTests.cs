using System.Runtime.InteropServices;
using Rlhf.Dpo;
using Rlhf.Ppo;
using Rlhf.Program;
using static TorchSharp.torch;

namespace Rlhf.Tests.Program;

public sealed class OutOfMemoryTests
{
    [Fact]
    public void Run_TensorThatFindsNoRoom_SaysWhatToLowerAndToWhat()
    {
        // Half an exabyte, by libtorch itself.
        Assert.Equal(
            "rlhf ppo: out of main memory: no room for 536870912.00 GiB; lower ppo.micro_batch_tokens from 4096 to 2048 (the gradients stay the same) and run the same command again\n",
            Failing("ppo", new Recipe { Ppo = new PpoRecipe { MicroBatchTokens = 4096 } }, () => empty(1L << 57)));
    }

#pragma warning disable CA2201 // what the bridge throws, with libtorch's words
    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79 GiB", 8192, "rlhf dpo: out of GPU memory: no room for 2.50 GiB; lower dpo.micro_batch_tokens from 8192 to 4096")]
    [InlineData("CUDA out of memory. Tried to allocate 2.50 GiB", 128, "rlhf dpo: out of GPU memory: no room for 2.50 GiB; use a smaller model, dtype=bfloat16, or lora")]
    [InlineData("CUDA error: out of memory", 8192, "rlhf dpo: out of GPU memory: no room; lower dpo.micro_batch_tokens")]
    [InlineData("mat1 and mat2 shapes cannot be multiplied", 8192, "rlhf dpo: unexpected ExternalException: mat1 and mat2 shapes")]
    public void Run_ErrorOfLibtorch_IsToldApart(string message, int tokens, string line) =>
        Assert.StartsWith(line, Failing("dpo", new Recipe { Dpo = new DpoRecipe { MicroBatchTokens = tokens } }, () => throw new ExternalException(message)), StringComparison.Ordinal);
#pragma warning restore CA2201

    private static string Failing(string name, Recipe recipe, Func<object> work)
    {
        using var error = new StringWriter();
        var command = Command.For<Recipe>(name, "", (_, _) => { work(); return 0; });
        var code = Failures.Report(name, recipe, error, new Rlhf.Policies.Runs.SilentProgress(), () => command.Run(recipe, null!));
        Assert.Equal(1, code);
        return error.ToString();
    }
}
