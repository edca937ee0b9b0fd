using System.Net.Http.Headers;
using System.Text;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Web;
using Rlhf.Cli.Web.Http;
using Rlhf.Cli.Web.Labelling;
using Rlhf.Cli.Web.Playing;
using Rlhf.Cli.Web.Watching;
using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using TorchSharp;

namespace Rlhf.Cli.Tests.Hostile;

/// <summary>Damaged bodies for everything that `rlhf serve` is posted, over a connection: whatever comes, the answer is not that the server failed.</summary>
internal static class HttpBodies
{
    private const string Tokenizer = """
        {"version": "1.0", "added_tokens": [{"id": 4, "content": "<s>", "special": true}, {"id": 5, "content": "<|end|>", "special": true}], "normalizer": null, "pre_tokenizer": null,
         "post_processor": null, "decoder": null, "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3}, "merges": ["a b"]}}
        """;

    // The first character says where a body goes, and is damaged as any other.
    private static readonly string[] s_paths = ["/api/label/answers", "/api/label/undo", "/v1/chat/completions", "/v1/completions", "/api/play/generate", "/api/play/prefer", "/api/runs/stop"];

    private static readonly string[] s_bodies =
    [
        """0{"id":"x-1","annotator":"ann","pair":"PAIR","answer":"left","strength":2,"note":"n\u00e9","seconds":1.5}""",
        """1{"id":"x-2","annotator":"ann"}""",
        """2{"model":"MODEL","messages":[{"role":"system","content":"ab"},{"role":"user","content":[{"type":"text","text":"ab \ud83d\ude00"}]}],"max_tokens":2,"temperature":1,"top_p":0.9,"n":2,"seed":7,"stop":["b"],"logprobs":true,"top_logprobs":2,"stream":false}""",
        """3{"model":"MODEL","prompt":["ab","c"],"max_tokens":2,"logprobs":1,"stop":"b","stream":true,"stream_options":{"include_usage":true},"echo":false,"presence_penalty":0}""",
        """4{"model":"MODEL","prompt":"ab","as_dialogue":true,"reward":null,"sampling":{"temperature":1,"top_k":2,"top_p":1,"max_new_tokens":2,"stop_strings":["b"]},"seed":3,"sample":1}""",
        """5{"id":"x-3","annotator":"ann","prompt":"p","chosen":"c","rejected":"r"}""",
    ];

    private static readonly Lazy<HttpClient> s_client = new(Start);
    private static readonly Lazy<string> s_folder = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("fuzz").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    private static readonly CandidatePair[] s_pairs = [new("p", "f", "s"), new("q", "f", "s")];

    public static FuzzTarget Target { get; } = new("http_bodies", () => [.. s_bodies.Select(Whole)], Post, typeof(RlhfException));

    // What the server last said of a request.
    private static string s_said = "";

    private static string Model => Path.Combine(s_folder.Value, "policy");

    /// <summary>A body with the names that this server knows.</summary>
    public static byte[] Whole(string body) => Encoding.UTF8.GetBytes(body.Replace("PAIR", s_pairs[0].Id, StringComparison.Ordinal).Replace("MODEL", Model, StringComparison.Ordinal));

    private static void Post(byte[] bytes)
    {
        if (bytes.Length == 0) throw new RlhfException("nothing to send");
        var path = s_paths[(bytes[0] + 1) % s_paths.Length]; // "0" is 48
        using var body = new ByteArrayContent(bytes[1..]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = s_client.Value.PostAsync(new Uri(path, UriKind.Relative), body).GetAwaiter().GetResult();
        var status = (int)response.StatusCode;
        if (status >= 500) throw new InvalidDataException($"{path} answered {status}: {s_said}; the body was {Encoding.UTF8.GetString(bytes)}");
        if (status >= 400) throw new RlhfException($"{status}");
    }

    private static HttpClient Start()
    {
        var (folder, model) = (s_folder.Value, Directory.CreateDirectory(Model).FullName);
        using (torch.NewDisposeScope())
        using (var policy = CausalLm.Create(TransformerConfig.Gpt2(6, 8, 1, 2, 16), seed: 5))
            ModelFolder.Save(policy, model);
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), Tokenizer);
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), """{"bos_token": "<s>", "eos_token": "<|end|>"}""");
        var runs = new RunCatalogue([Path.Combine(folder, "runs")], TimeProvider.System);
        var shelf = new ModelShelf(new ModelPlaces([model], runs), () => torch.CPU, 1);
        var board = new LabelBoard(LabelFile.Open(Path.Combine(folder, "labels.jsonl"), _ => { }), s_pairs, 1, TimeProvider.System);
        var server = WebServer.Start(ServerAddress.Of("127.0.0.1", ""), 0, new RefusalLog(line => s_said = line, TimeProvider.System), app =>
        {
            new LabelApi(board).Map(app);
            new RunApi(runs, TimeProvider.System).Map(app);
            new PlayApi(shelf, new Lazy<LabelBoard>(board)).Map(app);
            new OpenAiApi(shelf, TimeProvider.System).Map(app);
        }).GetAwaiter().GetResult();
        return new HttpClient { BaseAddress = new Uri(server.Url) };
    }
}
