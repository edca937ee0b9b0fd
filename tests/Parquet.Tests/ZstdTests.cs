using System.Diagnostics;
using System.Text;
using Parquet.Compression.Zstd;
using Rlhf.TestSupport;

namespace Parquet.Tests;

public sealed class ZstdTests
{
    public static TheoryData<string> Inputs => ["empty", "one", "short", "zeros", "noise", "text", "skewed", "bytes", "periods", "blocks"];

    [Theory]
    [MemberData(nameof(Inputs))]
    public void Encode_AnyInput_DecodesToItself(string name)
    {
        var input = Input(name);
        Assert.Equal(input, Decode(ZstdEncoder.Encode(input), input.Length));
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task Encode_AnyInput_IsUnpackedByTheReferenceProgram(string name)
    {
        Assert.SkipUnless(HasProgram, "there is no program zstd on this machine");
        var input = Input(name);
        Assert.Equal(input, await RunAsync("-dc", ZstdEncoder.Encode(input)));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("-3 --no-check")]
    [InlineData("-19")]
    [InlineData("--ultra -22 --long=27")]
    [InlineData("--fast=5")]
    public async Task Decode_TheReferenceProgramsFrames_GivesTheInput(string options)
    {
        Assert.SkipUnless(HasProgram, "there is no program zstd on this machine");
        foreach (var name in Inputs.Select(row => row.Data))
        {
            var input = Input(name);
            Assert.Equal(input, Decode(await RunAsync($"-c {options}", input), input.Length));
        }
    }

    [Fact]
    public void Encode_Text_IsAboutAsSmallAsTheReference()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var text = Input("text");
        Assert.InRange(ZstdEncoder.Encode(text).Length, 1, 65_946); // what "zstd -3" makes of the 197,290 bytes
    }

    internal static byte[] Input(string name)
    {
        var random = new Random(5);
        switch (name)
        {
            case "empty": return [];
            case "one": return [7];
            case "short": return "abcabcabc"u8.ToArray();
            case "zeros": return new byte[300_000];
            case "noise":
                var noise = new byte[200_000];
                random.NextBytes(noise);
                return noise;
            case "text":
                return TestData.Available ? File.ReadAllBytes(TestData.At("text", "tinystories.txt")) : Words(random, 200_000);
            case "skewed": // literals whose Huffman code wants to be longer than 11 bits
                return [.. Enumerable.Range(0, 100_000).Select(_ => (byte)Math.Min(255, -Math.Log2(1 - random.NextDouble()) * 1.3))];
            case "bytes": // all values, few repetitions
                return [.. Enumerable.Range(0, 3000).Select(i => (byte)(random.Next(i % 256 + 1)))];
            case "periods": // repeated offsets
                return [.. Enumerable.Range(0, 50_000).Select(i => (byte)(i % 97 == 0 ? random.Next(256) : i % 97))];
            default: // several blocks, noise between text
                return [.. Words(random, 140_000), .. Input("noise"), .. Words(random, 140_000)];
        }
    }

    private static byte[] Words(Random random, int length)
    {
        string[] words = ["the", "cat", "sat", "on", "a", "mat", "and", "saw", "nothing", "at", "all", "“quoted”"];
        var text = new StringBuilder();
        while (text.Length < length) text.Append(words[random.Next(words.Length)]).Append(random.Next(9) == 0 ? ".\n" : " ");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static byte[] Decode(byte[] packed, int length)
    {
        var output = new byte[length];
        ZstdDecoder.Decode(packed, output);
        return output;
    }

    private static bool HasProgram { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "zstd")));

    private static async Task<byte[]> RunAsync(string arguments, byte[] input)
    {
        using var process = Process.Start(new ProcessStartInfo("zstd", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output.ToArray();
    }
}
