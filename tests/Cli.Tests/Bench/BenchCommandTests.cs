using System.Text.Json;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Policies.Fused;
using static TorchSharp.torch;

namespace Rlhf.Cli.Tests.Bench;

public sealed class BenchCommandTests
{
    [Fact]
    public void Bench_SmallestSize_GivesRatesAndSharesOfTheMachinesCeilings()
    {
        var ending = InProcess.Run("bench", "sizes=[small_a]", "rows=4", "length=8", "new_tokens=2", "repeats=1", "device=cpu", "--json");

        Assert.True(ending.Code == 0, ending.Error);
        var result = JsonDocument.Parse(ending.Output).RootElement;
        var speed = Assert.Single(result.GetProperty("speeds").EnumerateArray().ToArray());
        // 512·128 + 256·128 + 4·(12·128² + 13·128) + 2·128
        Assert.Equal(891_648, speed.GetProperty("parameters").GetInt64());
        Assert.True(result.GetProperty("ceilings").GetProperty("product").GetDouble() > 1e8);
        foreach (var share in new[] { "training_of_product", "prefill_of_product", "decode_of_floor" }) Assert.True(speed.GetProperty(share).GetDouble() is > 1e-6 and < double.PositiveInfinity, share);
        // Training does three times the products of prefill, and more.
        Assert.True(speed.GetProperty("prefill").GetDouble() > speed.GetProperty("training").GetDouble());
    }

    [Theory]
    [InlineData("float32", ScalarType.Float32)]
    [InlineData("bfloat16", ScalarType.BFloat16)]
    public void Bench_AgainstComposed_GivesARatioForEachKindOfWork(string dtype, ScalarType type)
    {
        Assert.SkipUnless(KernelRule.ServesModel(CPU, type), "this processor has no products of bfloat16");
        var ending = InProcess.Run("bench", "sizes=[small_a]", "rows=4", "length=8", "new_tokens=2", "repeats=1", "device=cpu", "against=composed", $"dtype={dtype}", "--json");

        Assert.True(ending.Code == 0, ending.Error);
        var ratio = Assert.Single(JsonDocument.Parse(ending.Output).RootElement.GetProperty("speeds").EnumerateArray().ToArray()).GetProperty("ratio");
        foreach (var work in new[] { "training", "prefill", "decode", "ppo" }) Assert.True(ratio.GetProperty(work).GetDouble() is > 0 and < double.PositiveInfinity, work);
    }

    [Fact]
    public void Bench_AgainstComposedInBfloat16_SaysThatNothingElseComputesIt()
    {
        Assert.SkipWhen(KernelRule.ServesModel(CPU, ScalarType.BFloat16), "this processor multiplies bfloat16 in kernels");
        var ending = InProcess.Run("bench", "dtype=bfloat16", "against=composed", "device=cpu");

        Assert.Equal(1, ending.Code);
        Assert.StartsWith("rlhf bench: against: found composed, which is all that computes this here", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Bench_UnknownSize_NamesThoseThereAre()
    {
        var ending = InProcess.Run("bench", "sizes=[gpt5]", "--dry-run", "device=cpu");

        Assert.Equal((1, "rlhf bench: sizes: found 'gpt5'; expected some of small_a, small_b, stories_15m, gpt2_124m, pythia_160m\n"), (ending.Code, ending.Error));
    }
}
