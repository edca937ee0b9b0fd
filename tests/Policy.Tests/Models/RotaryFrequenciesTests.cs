using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

/// <summary>Against numbers computed in Python from the published formulas, for heads of 16.</summary>
public sealed class RotaryFrequenciesTests
{
    private static readonly RotaryConfig Plain = new() { Width = 16, Base = 10000 };

    [Fact]
    public void Of_Linear_DividesEveryFrequencyByTheFactor() => Near(
        [0.25, 0.0790569415042, 0.025, 0.00790569415042, 0.0025, 0.000790569415042, 0.00025, 7.90569415042e-05],
        Plain with { Scaling = RotaryScaling.Linear, Factor = 4 }, 64, 64);

    [Theory]
    [InlineData(64, 1.0, 0.316227766017, 0.1, 0.0316227766017, 0.01, 0.00316227766017, 0.001, 0.000316227766017)]
    [InlineData(65, 1.0, 0.314840695159, 0.0991246633281, 0.0312084779096, 0.00982569887992, 0.00309352986578, 0.000973969093436, 0.000306645106441)]
    [InlineData(200, 1.0, 0.249528467594, 0.0622644561398, 0.0155367543261, 0.00387686249839, 0.000967387558295, 0.000241390734991, 6.02338601937e-05)]
    public void Of_Dynamic_StretchesTheBaseBeyondTheContext(long length, params double[] expected) =>
        Near(expected, Plain with { Scaling = RotaryScaling.Dynamic, Factor = 2 }, 64, length);

    [Fact]
    public void Of_Llama3_KeepsHighFrequenciesAndDividesLowOnes() => Near(
        [1.0, 0.193922744749, 0.0376060309309, 0.00729266473722, 0.000524846160993, 3.42810219595e-05, 6.64786987118e-06, 1.28917317215e-06],
        Plain with { Base = 500000, Scaling = RotaryScaling.Llama3, Factor = 8, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContext = 8192 }, 131072, 100);

    [Theory]
    [InlineData(10000, 2048, 1.0, 0.316227766017, 0.1, 0.0256935059889, 0.00625, 0.00138349647632, 0.00025, 7.90569415042e-05)]
    [InlineData(1000000, 32768, 1.0, 0.177827941004, 0.0316227766017, 0.00421755993893, 0.0005, 4.4456985251e-05, 7.90569415042e-06, 1.40585331298e-06)]
    public void Of_Yarn_RampsBetweenTheTwoCountsOfTurns(double @base, int original, params double[] expected) =>
        Near(expected, Plain with { Base = @base, Scaling = RotaryScaling.Yarn, Factor = 4, OriginalContext = original }, 4 * original, 100);

    [Fact]
    public void Covering_Yarn_ScalesCosinesByItsTemperature()
    {
        var config = Plain with { Scaling = RotaryScaling.Yarn, Factor = 4, OriginalContext = 2048 };
        using var scope = NewDisposeScope();
        using var tables = new RotaryTables(config, 8192);
        var (cosines, sines) = tables.Covering(3, CPU);
        Assert.Equal(1.138629436111989, cosines[0, 0].item<float>(), 1e-6);                     // 0.1·ln 4 + 1
        Assert.Equal(1.138629436111989 * Math.Cos(2 * 0.0256935059889), cosines[2, 3].item<float>(), 1e-6);
        Assert.Equal(1.138629436111989 * Math.Sin(2 * 0.0256935059889), sines[2, 3].item<float>(), 1e-6);
        Assert.Equal(2, RotaryFrequencies.Scale(config with { AttentionFactor = 2 }));
    }

    [Theory]
    [InlineData("\"mscale\": 1.0, \"mscale_all_dim\": 1.0", 1)]
    [InlineData("\"mscale\": 2.0, \"mscale_all_dim\": 1.0", 1.121751143713058)]      // (0.2·ln 4 + 1) / (0.1·ln 4 + 1)
    [InlineData("\"mscale\": 2.0", 1.138629436111989)]                               // both or none
    [InlineData("\"mscale\": 2.0, \"mscale_all_dim\": 1.0, \"attention_factor\": 1.5", 1.5)]
    public void Read_YarnWithScales_HasTheirTemperature(string scales, double expected)
    {
        using var json = JsonDocument.Parse($"{{\"rope_scaling\": {{\"rope_type\": \"yarn\", \"factor\": 4.0, {scales}}}}}");
        Assert.Equal(expected, RotaryFrequencies.Scale(RotarySettings.Read(new ConfigReader(json.RootElement, "config.json"), 16, 2048)), 1e-12);
    }

    [Fact]
    public void Read_YarnWithRampsThatAreNotWhole_IsRefused()
    {
        using var json = JsonDocument.Parse("""{"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "truncate": false}}""");
        Assert.Contains("truncate is false", Assert.Throws<RlhfException>(() => RotarySettings.Read(new ConfigReader(json.RootElement, "config.json"), 16, 2048)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Covering_DynamicLongerThanTheContext_IsMadeForEveryLengthAnew()
    {
        using var scope = NewDisposeScope();
        using var tables = new RotaryTables(Plain with { Scaling = RotaryScaling.Dynamic, Factor = 2 }, 64);
        Assert.Equal(Math.Cos(0.316227766017), tables.Covering(64, CPU).Cosines[1, 1].item<float>(), 1e-6);
        Assert.Equal(Math.Cos(0.249528467594), tables.Covering(200, CPU).Cosines[1, 1].item<float>(), 1e-6);
        Assert.Equal(Math.Cos(0.314840695159), tables.Covering(65, CPU).Cosines[1, 1].item<float>(), 1e-6);
        Assert.Equal(Math.Cos(0.316227766017), tables.Covering(64, CPU).Cosines[1, 1].item<float>(), 1e-6);
    }

    private static void Near(double[] expected, RotaryConfig config, int context, long length)
    {
        var found = RotaryFrequencies.Of(config, context, length);
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(1, pair.Second / pair.First, 1e-10));
    }
}
