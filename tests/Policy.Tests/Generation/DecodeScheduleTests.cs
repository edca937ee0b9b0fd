using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Generation;

/// <summary>A GPU's way of decoding, in buckets of rows and columns, ahead of the host and recorded, on the device at hand.</summary>
public sealed class DecodeScheduleTests
{
    private static readonly Dictionary<string, SamplingOptions> Options = new()
    {
        ["softmax"] = new SamplingOptions { MaxNewTokens = 90 },
        ["cool"] = new SamplingOptions { MaxNewTokens = 90, Temperature = 0.7, StopTokens = [5] },
        ["greedy"] = new SamplingOptions { MaxNewTokens = 90, Temperature = 0 },
        ["held back"] = new SamplingOptions { MaxNewTokens = 90, MinNewTokens = 20 },
        ["penalised"] = new SamplingOptions { MaxNewTokens = 90, RepetitionPenalty = 1.3, TopK = 30, TopP = 0.95 },
        ["all"] = new SamplingOptions { MaxNewTokens = 90, MinNewTokens = 7, RepetitionPenalty = 1.2, TopK = 20, Temperature = 1.2 },
    };

    private static readonly TransformerConfig Gpt2 = TransformerConfig.Gpt2(vocabulary: 48, width: 16, layers: 2, heads: 2, context: 100);

    private static readonly TransformerConfig Llama = TransformerConfig.Llama(vocabulary: 48, width: 16, layers: 2, heads: 4, keyValueHeads: 2, hidden: 24, context: 100) with { SlidingWindow = 9 };

    public static TheoryData<string> Names => [.. Options.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Generate_AheadAndRecorded_IsBitwiseWhatItIsStepByStep(string name)
    {
        foreach (var config in new[] { Gpt2, Llama })
        {
            using var model = Model(config, ScalarType.Float32);
            var (recorder, sizes) = (new RerunRecorder(), new HashSet<(int Rows, long Columns)>());
            var (expected, found) = (Generate(model, name, null), Generate(model, name, Recorded(recorder, sizes)));
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i].Tokens, found[i].Tokens);
                Assert.Equal(expected[i].LogProbs, found[i].LogProbs);
                Assert.Equal(expected[i].Reason, found[i].Reason);
            }

            // Rows came and went, in powers of two up to the most there are, and both blocks of columns came up.
            Assert.All(sizes, size => Assert.Contains(size.Rows, (int[])[1, 2, 4, 8, 11]));
            Assert.Equal([64, 100], sizes.Select(size => size.Columns).Distinct().Order());
            Assert.True(sizes.Select(size => size.Rows).Distinct().Count() > 1, "rows have to leave for the buckets to differ");
            Assert.InRange(recorder.Recorded, 2, 2 * sizes.Count); // ends held back or not
            Assert.True(recorder.Replayed > 5 * recorder.Recorded, $"{recorder.Recorded} recordings were replayed {recorder.Replayed} times");
            Assert.Equal(recorder.Recorded, recorder.Disposed);
        }
    }

    // In float64 layers are composed of plain operators, as they are on a GPU: those attend to whole blocks of columns.
    [Theory, MemberData(nameof(Names))]
    public void Generate_AheadInComposedLayers_DrawsTheSameTokens(string name)
    {
        foreach (var config in new[] { Gpt2, Llama })
        {
            using var model = Model(config, ScalarType.Float64);
            var (expected, found) = (Generate(model, name, null), Generate(model, name, Recorded(new RerunRecorder(), [])));
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i].Tokens, found[i].Tokens);
                Assert.All(found[i].LogProbs.Zip(expected[i].LogProbs), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
            }
        }
    }

    [Fact]
    public void Generate_AheadWithStopStrings_EndsWhereItDoesStepByStep()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var model = ModelFolder.Load(TestData.At("models", "stories260K"), CPU);
        var tokenizer = TextTokenizer.Load(TestData.At("models", "stories260K"));
        var options = new SamplingOptions { MaxNewTokens = 60, StopStrings = [". ", "nam"] };
        int[][] prompts = [.. Enumerable.Range(0, 9).Select(_ => tokenizer.EncodeWithSpecials("Once upon a time"))];
        Completion[] Run(DecodeSchedule? schedule) =>
            new TextGenerator(model, tokenizer.Eos, 0, tokenizer) { BatchSize = 4, Schedule = schedule }.Generate(prompts, options, TextGeneratorTests.Keys(9));
        var (expected, found) = (Run(null), Run(Recorded(new RerunRecorder(), [])));
        Assert.Equal(expected.Select(completion => completion.Text), found.Select(completion => completion.Text));
        Assert.Equal(expected.Select(completion => completion.Tokens), found.Select(completion => completion.Tokens));
        Assert.Contains(found, completion => completion.Reason == StopReason.StopString);
    }

    [Theory]
    [InlineData(1, 64, 1)]
    [InlineData(3, 64, 4)]
    [InlineData(33, 64, 64)]
    [InlineData(40, 48, 48)]
    public void Rows_Ahead_ArePowersOfTwoUpToAll(int count, int most, int rows) => Assert.Equal(rows, DecodeSchedule.Ahead.Rows(count, most));

    [Theory]
    [InlineData(1, 1000, 64)]
    [InlineData(64, 1000, 64)]
    [InlineData(65, 1000, 128)]
    [InlineData(990, 1000, 1000)]
    public void Columns_Ahead_AreBlocksUpToAll(long longest, long most, long columns) => Assert.Equal(columns, DecodeSchedule.Ahead.Columns(longest, most));

    private static DecodeSchedule Recorded(RerunRecorder recorder, HashSet<(int, long)> sizes)
    {
        var (ahead, rows) = (DecodeSchedule.Ahead, 0);
        return ahead with
        {
            Rows = (count, most) => rows = ahead.Rows(count, most),
            Columns = (longest, most) =>
            {
                var columns = ahead.Columns(longest, most);
                sizes.Add((rows, columns));
                return columns;
            },
            Record = (_, work) => recorder.Record(work),
        };
    }

    // More prompts than rows, of other lengths; the longest fill the context.
    private static Completion[] Generate(CausalLm model, string name, DecodeSchedule? schedule)
    {
        int[][] prompts = [.. Enumerable.Range(0, 29).Select(i => Enumerable.Range(0, 1 + i * 7 % 31).Select(j => (i + 3 * j) % 48).ToArray())];
        return new TextGenerator(model, eos: 2, pad: 0) { BatchSize = 11, Schedule = schedule }.Generate(prompts, Options[name], TextGeneratorTests.Keys(29));
    }

    private static CausalLm Model(TransformerConfig config, ScalarType type)
    {
        var random = new RandomParameters(config, 1);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var model = new CausalLm(config, (name, shape) => random.Draw(name, shape).to(type));
        model.HeadWeight.mul_(20);
        return model;
    }
}
