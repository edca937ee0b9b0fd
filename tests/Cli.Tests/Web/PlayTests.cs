using System.ClientModel;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Cli.Web.Playing;
using Rlhf.Cli.Web.Watching;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using TorchSharp;

namespace Rlhf.Cli.Tests.Web;

[Trait("Speed", "slow")]
public sealed class PlayTests(TrainedWorld world) : IClassFixture<TrainedWorld>
{
    private const string Model = "start/sft/final";

    [Fact]
    public async Task ChatClient_OfOpenAi_CompletesAndStreamsTheSameResponse()
    {
        await using var server = await Start();
        var client = new ChatClient(Model, new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "v1") });
        ChatMessage[] messages = [new SystemChatMessage("Be kind."), new UserChatMessage("How was the red kite?")];
#pragma warning disable OPENAI001 // Seeds are offered for evaluation.
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 12, Temperature = 1, Seed = 7, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
#pragma warning restore OPENAI001

        ChatCompletion whole = await client.CompleteChatAsync(messages, options);
        var text = "";
        ChatFinishReason? reason = null;
        var streamed = new List<float>();
        await foreach (var update in client.CompleteChatStreamingAsync(messages, options))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            streamed.AddRange(update.ContentTokenLogProbabilities.Select(token => token.LogProbability));
            reason ??= update.FinishReason;
        }

        Assert.NotEqual("", text);
        Assert.Equal(whole.Content[0].Text, text);
        Assert.Equal(whole.FinishReason, reason);
        Assert.Equal(whole.Usage.OutputTokenCount, whole.ContentTokenLogProbabilities.Count);
        Assert.Equal(whole.ContentTokenLogProbabilities.Select(token => token.LogProbability), streamed);
        Assert.All(whole.ContentTokenLogProbabilities, token =>
        {
            Assert.Equal(3, token.TopLogProbabilities.Count);
            Assert.All(token.TopLogProbabilities, other => Assert.True(other.LogProbability <= token.TopLogProbabilities[0].LogProbability));
            Assert.True(token.LogProbability <= token.TopLogProbabilities[0].LogProbability + 1e-4);
        });
    }

    [Fact]
    public async Task Completions_SeveralPromptsAndResponses_HaveLogProbsAndUsage()
    {
        await using var server = await Start();

        var body = await server.Post("/v1/completions", new { model = Model, prompt = new[] { "How was the kite?", "How was the lake?" }, n = 2, max_tokens = 5, seed = 3, logprobs = 2 });

        var choices = body["choices"]!.AsArray();
        Assert.Equal([0, 1, 2, 3], choices.Select(choice => (int)choice!["index"]!));
        Assert.Equal(4, choices.Select(choice => (string)choice!["text"]!).Distinct().Count());
        Assert.All(choices, choice => Assert.Equal(choice!["logprobs"]!["tokens"]!.AsArray().Count, choice["logprobs"]!["top_logprobs"]!.AsArray().Count));
        Assert.Equal(choices.Sum(choice => choice!["logprobs"]!["tokens"]!.AsArray().Count), (int)body["usage"]!["completion_tokens"]!);
        Assert.Equal(body["usage"]!["total_tokens"]!.GetValue<int>(), body["usage"]!["prompt_tokens"]!.GetValue<int>() + body["usage"]!["completion_tokens"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("{\"model\":\"start/sft/final\"}")]
    [InlineData("{\"model\":\"../../etc\",\"prompt\":\"x\"}")]
    [InlineData("{\"model\":\"start/sft/final\",\"prompt\":\"x\",\"temperature\":-1}")]
    [InlineData("{\"model\":\"start/sft/final\",\"prompt\":\"x\",\"n\":1000}")]
    [InlineData("{\"model\":\"start/sft/final\",\"prompt\":\"x\",\"presence_penalty\":1}")]
    [InlineData("{\"model\":\"start/sft/final\",\"prompt\":[1,2]}")]
    [InlineData("{\"model\":\"start/sft/final\",\"prompt\":[\"x\",\"\"],\"stream\":true}")]
    public async Task Completions_WhatCannotBe_IsRefusedInTheFormThatClientsKnow(string request)
    {
        await using var server = await Start();
        var (status, body) = await server.Send(HttpMethod.Post, "/v1/completions", request);
        Assert.InRange((int)status, 400, 499);
        Assert.NotEqual("", (string)JsonNode.Parse(body)!["error"]!["message"]!);
    }

    [Fact]
    public async Task Models_AreThoseOfTheRuns()
    {
        await using var server = await Start();
        Assert.Contains(Model, (await server.Get("/v1/models"))["data"]!.AsArray().Select(model => (string)model!["id"]!));
        Assert.Equal(Model, (string)(await server.Get($"/v1/models/{Model}"))["id"]!);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    [InlineData(0.7, 0.8)]
    public void TextStream_OfAKey_DrawsWhatTheGeneratorDraws(double temperature, double topP)
    {
        var folder = world.At("start", "sft", "final");
        var tokenizer = TextTokenizer.Load(folder);
        using var model = ModelFolder.Load(folder, torch.CPU);
        var prompt = tokenizer.EncodeWithSpecials("How was the red kite at the park?");
        foreach (var stops in new string[][] { [], ["e", "the"] })
        {
            var options = new SamplingOptions { Temperature = temperature, TopP = topP, MaxNewTokens = 24, StopStrings = stops };
            var key = new RandomKey(5, 0, 0, 1);
            var expected = new TextGenerator(model, tokenizer.Eos ?? model.Config.Eos, tokenizer.PadOrEos, tokenizer).Generate([prompt], options, [key])[0];
            using var stream = new TextStream(model, tokenizer, prompt, options, key, likeliest: 2);
            var (said, logProbs) = ("", new List<float>());
            while (stream.Next() is { } token)
            {
                said += token.Text;
                logProbs.Add(token.LogProb);
                Assert.StartsWith(said, expected.Text, StringComparison.Ordinal);
            }

            Assert.Equal(expected.Text, said);
            Assert.Equal(expected.Tokens, stream.Tokens);
            Assert.Equal(expected.LogProbs, logProbs);
            Assert.Equal(expected.Reason, stream.Ended);
        }
    }

    [Fact]
    public async Task Prefer_TwoResponses_IsALabelledPair()
    {
        using var labels = new TemporaryFolder();
        using var board = new LabelBoard(LabelFile.Open(labels.At("labels.jsonl"), _ => { }), [], 0, TimeProvider.System);
        await using var server = await Start(board);
        using var response = await server.Client.PostAsync("/api/play/generate", new StringContent($"{{\"model\":\"{Model}\",\"prompt\":\"How was it?\",\"seed\":1,\"sampling\":{{\"max_new_tokens\":8}}}}", System.Text.Encoding.UTF8, "application/json"));
        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("event: end\ndata: {\"prompt\":\"How was it?\"", text, StringComparison.Ordinal);

        await server.Post("/api/play/prefer", new { id = "one", annotator = "ann", prompt = "How was it?", chosen = " Good.", rejected = " Bad." });

        var label = Assert.Single(LabelFile.Read(labels.At("labels.jsonl")));
        Assert.Equal(("ann", " Good.", " Bad.", Answer.First), (label.Annotator, label.First, label.Second, label.Answer!.Value));
    }

    [Fact]
    public async Task Generate_WhatGoesWrongAfterTheFirstToken_IsTheLastEvent()
    {
        await using var server = await Start();
        using var response = await server.Client.PostAsync("/api/play/generate", new StringContent($"{{\"model\":\"{Model}\",\"reward\":\"nowhere\",\"prompt\":\"How was it?\",\"seed\":1,\"sampling\":{{\"max_new_tokens\":2}}}}", System.Text.Encoding.UTF8, "application/json"));
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("data: {\"text\":", events[1], StringComparison.Ordinal);
        Assert.Contains("nowhere", (string)JsonNode.Parse(events[^1]["data: ".Length..])!["error"]!["message"]!, StringComparison.Ordinal);
    }

    private async Task<RunningServer> Start(LabelBoard? board = null)
    {
        var shelf = new ModelShelf(new ModelPlaces([], new RunCatalogue([world.Folder], TimeProvider.System)), () => torch.CPU, 2);
        return await RunningServer.Start(app =>
        {
            new OpenAiApi(shelf, TimeProvider.System).Map(app);
            new PlayApi(shelf, new Lazy<LabelBoard>(() => board!)).Map(app);
        });
    }
}
