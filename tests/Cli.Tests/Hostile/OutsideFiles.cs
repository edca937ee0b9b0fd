using System.Text;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Web.Watching;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.TensorFiles;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Chat;
using Rlhf.Policies.Tokenization.Jinja;
using Rlhf.Ppo;
using Rlhf.Reports;
using Rlhf.Reports.Tests;
using Rlhf.Rewards.Judging;
using Rlhf.Rewards.Models;
using TorchSharp;

namespace Rlhf.Cli.Tests.Hostile;

/// <summary>What is read beside data, weights and tokenizer.json: files that come with models, that a run leaves, and what others answer.</summary>
internal static class OutsideFiles
{
    private const string Tokenizer = """
        {"version": "1.0", "added_tokens": [{"id": 4, "content": "<s>", "special": true}, {"id": 5, "content": "<|end|>", "special": true}], "normalizer": null, "pre_tokenizer": null,
         "post_processor": null, "decoder": null, "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3}, "merges": ["a b"]}}
        """;

    private const string TokenizerConfig = """
        {"bos_token": "<s>", "eos_token": {"content": "<|end|>"}, "pad_token": null, "add_bos_token": true, "add_eos_token": false, "add_prefix_space": false,
         "added_tokens_decoder": {"6": {"content": "<x>", "special": true, "lstrip": true, "normalized": false}},
         "chat_template": [{"name": "tools", "template": "x"}, {"name": "default", "template": "{% for m in messages %}{{ m.role }}: {{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"}]}
        """;

    private const string Adapter = """
        {"base_model_name_or_path": "models/base", "bias": "none", "fan_in_fan_out": false, "inference_mode": true, "lora_alpha": 16, "lora_dropout": 0.0, "modules_to_save": null,
         "peft_type": "LORA", "r": 8, "rank_pattern": {}, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM", "use_dora": false, "use_rslora": false}
        """;

    private const string RewardConfig = """
        {"architectures": ["LlamaForSequenceClassification"], "rlhf_reward": {"scales": [{"gain": 1.25, "bias": -0.5}], "ensemble": {"combine": "mean", "deviation_weight": 1.0}, "scale": {"gain": 1.0, "bias": 0.0}, "training": {"data": "pairs.parquet", "accuracy": 0.75}}}
        """;

    private const string Labels = """
        {"id":"a-1","annotator":"ann","time":"2026-01-02T03:04:05+00:00","pair":"0123456789abcdef","answer":"first","left":"second","strength":2,"note":"né","seconds":3.5,"prompt":"p","first":"f","second":"s"}
        {"id":"a-2","annotator":"ann","time":"2026-01-02T03:04:06+00:00","undo":"a-1"}
        {"id":"b-1","annotator":"bob","time":"2026-01-02T03:04:07+00:00","pair":"0123456789abcdef","answer":"second","left":"first","prompt":"p","first":"f","second":"s"}

        """;

    private const string Metrics = """
        {"step":1,"raw_score":0.5,"raw_score_std":1.1,"kl":0.25,"kl_coefficient":0.2,"ratio_mean":1,"ratio_max":1.5,"skipped_minibatches":0,"entropy":2.5,"eos_rate":0.75,"repetition":0.1,"seconds_rollout":0.5}
        {"step":2,"raw_score":1e2,"raw_score_std":0.9,"kl":12,"kl_coefficient":0.2,"ratio_mean":1.1,"ratio_max":9,"skipped_minibatches":3,"entropy":0.01,"eos_rate":0.1,"repetition":0.9,"seconds_rollout":0.5}

        """;

    private const string Samples = """
        {"step":2,"prompt":"p \ud83d\ude00","response":"r","reference_response":"q","score":0.5,"reference_score":"NaN","gold":1,"reference_gold":null,"kl":2,"tokens":["a"," b"],"token_kl":[0.5,-0.1]}
        {"step":2,"prompt":"p","response":"r","score":0.5}

        """;

    private const string Manifest = """
        {"step": 12, "files": [{"path": "state/numbers.json", "size": 1, "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}], "logs": {"metrics.jsonl": 120, "samples.jsonl": 0}, "seconds": 1.5}
        """;

    private const string Completion = """
        {"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "7 \u00e9"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 100, "completion_tokens": 2}}
        """;

    private static readonly string[] s_templates =
    [
        """
        {%- if messages[0]['role'] == 'system' -%}{%- set first = messages[0]['content'] -%}{%- set rest = messages[1:] -%}{%- else -%}{%- set first = 'Be kind.' -%}{%- set rest = messages -%}{%- endif -%}
        {{ '<|im_start|>system\n' + first | trim + '<|im_end|>\n' }}
        {%- for message in rest -%}{{ '<|im_start|>' + message.role + '\n' + message['content'] | trim + '<|im_end|>' + '\n' }}{%- endfor -%}
        {%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}
        """,
        """
        {%- macro turn(role, text='') %}{{ bos_token if loop is defined and loop.first else '' }}[{{ role | upper }}]{{ text | replace('\n', ' ') }}<|im_end|>{% endmacro -%}
        {% set ns = namespace(n=0, last=none) %}{% for m in messages if m.content is string %}{% set ns.n = ns.n + 1 %}{% set ns.last = m.role %}
        {{- turn(m.role, m.content) }}{{ '' if loop.index0 % 2 == 1 else '' * 3 }}{% endfor %}
        {%- if ns.n > 100 or (ns.last == 'x' and not tools) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}
        {%- if add_generation_prompt %}[ASSISTANT]{% endif %}
        """,
        """
        {% for message in messages %}{% if message['role'] == 'assistant' %}<a>{% generation %}{{ message['content'].strip() }}<|im_end|>{% endgeneration %}{% elif message['role'] in ['user', 'system'] %}<{{ message['role'][0] }}>{{ message['content'].split('\n') | join(', ') }}<|im_end|>{% else %}{{ {'a': [1, 2.5, true]} | tojson(indent=2) }}{% endif %}{% endfor %}{{ strftime_now('%Y') | length if false else '' }}{% if add_generation_prompt %}<a>{% endif %}
        """,
    ];

    private static readonly Prompt[] s_prompts = [new(0, "p", [1, 2])];

    private static readonly ChatMessage[] s_dialogue = [new("system", "Be kind.\n"), new("user", " Hello \u00e9 "), new("assistant", "Good day."), new("user", "And?"), new("assistant", "Nothing.")];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("chat_template", () => [.. s_templates.Select(Utf8)], Render, typeof(TemplateException), typeof(RlhfException)),
        FileTarget.Of("tokenizer_config", "tokenizer_config.json", () => [Utf8(TokenizerConfig)], path => Use(Path.GetDirectoryName(path)!), Beside("tokenizer.json", Tokenizer)),
        FileTarget.Of("merges_txt", "merges.txt", () => [Utf8("#version: 0.2\nh e\nl l\nhe ll\nhell o\n\u0120 w\n")], path => Use(Path.GetDirectoryName(path)!), Vocabulary),
        FileTarget.Of("adapter_config", "adapter_config.json", () => [Utf8(Adapter)], path => AdapterConfig.Read(Path.GetDirectoryName(path)!)),
        FileTarget.Of("weight_index", "model.safetensors.index.json", () => [Utf8("""{"metadata": {"total_size": 48}, "weight_map": {"a.weight": "model-1.safetensors", "b.weight": "model-2.safetensors"}}""")],
            path => WeightFiles.Find(Path.GetDirectoryName(path)!), folder => Array.ForEach(["model-1.safetensors", "model-2.safetensors"], name => File.WriteAllText(Path.Combine(folder, name), ""))),
        FileTarget.Of("trainer_state", "state.safetensors", State, path => Scoped(() => StateFile.Load(path))),
        FileTarget.Of("reward_config", "config.json", () => [Utf8(RewardConfig)], path => RewardFacts.Read(Path.GetDirectoryName(path)!)),
        FileTarget.Of("ensemble_json", "ensemble.json", () => [Utf8("""{"members": ["member-1", "member-2"], "rlhf_reward": {"ensemble": {"combine": "mean"}, "scale": {"gain": 2.0, "bias": 1.0}}}""")], path => RewardFolder.TokenizerFolder(Path.GetDirectoryName(path)!)),
        FileTarget.Of("recipe", "recipe.yaml", () => [File.ReadAllBytes(Path.Combine(TestData.Repository, "data", "recipes", "demo.yaml")), File.ReadAllBytes(Path.Combine(TestData.Repository, "data", "recipes", "rounds.yaml"))], path => RecipeBinder.Load<Recipe>(path)),
        FileTarget.Of("manifest", "manifest.json", () => [Utf8(Manifest)], path => CheckpointManifest.ReadVerified(Path.GetDirectoryName(path)!), folder =>
        {
            Directory.CreateDirectory(Path.Combine(folder, "state"));
            File.WriteAllText(Path.Combine(folder, "state", "numbers.json"), "a");
        }),
        FileTarget.Of("labels", "labels.jsonl", () => [Utf8(Labels)], ReadLabels),
        FileTarget.Of("metrics_watched", "metrics.jsonl", () => [Utf8(Metrics)], Watch),
        FileTarget.Of("metrics_report", "ppo/metrics.jsonl", () => [Utf8(Metrics)], path => Report(Path.Combine(path, "..", ".."))),
        FileTarget.Of("samples_report", "ppo/samples.jsonl", () => [Utf8(Samples)], path => Report(Path.Combine(path, "..", "..")), Beside("ppo/metrics.jsonl", Metrics)),
        FileTarget.Of("curve_report", "curve.json", () => [Reported("curve.json")], path => Report(Path.GetDirectoryName(path)!)),
        FileTarget.Of("trust_report", "trust.json", () => [Reported("trust.json")], path => Report(Path.GetDirectoryName(path)!)),
        FileTarget.Of("environment_report", "ppo/environment.json", () => [Reported("ppo/environment.json")], path => Report(Path.Combine(path, "..", ".."))),
        FileTarget.Of("curve_cache", $"{EpisodeCache.Hash("key")}.jsonl", Cache, path =>
        {
            using var cache = EpisodeCache.Open(Path.GetDirectoryName(path)!, "key", default);
            cache.Find(s_prompts, 0);
        }),
        FileTarget.Of("judge_cache", "answers-1.jsonl", Answers, path =>
        {
            using var answers = new AnswerCache(Path.GetDirectoryName(path)!);
            answers.Find("k1");
        }),
        new("judge_reply", () => [Utf8(Completion)], Judge, typeof(RlhfException)),
        HttpBodies.Target,
    ];

    private static void Render(byte[] bytes)
    {
        var format = new JinjaFormat(Template.Parse(Encoding.UTF8.GetString(bytes)), ["<|im_start|>", "<|im_end|>"], new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "<|im_end|>" });
        var tokens = new ChatTokens("<s>", "<|im_end|>");
        format.Prompt(s_dialogue[..4], tokens);
        foreach (var part in format.Parts(s_dialogue, tokens)) _ = part.Text.Length;
    }

    private static void Use(string folder)
    {
        var tokenizer = TextTokenizer.Load(folder);
        tokenizer.Decode(tokenizer.EncodeWithSpecials("abc<s>cab<x>"));
        if (tokenizer.ChatTemplateText is null) return;
        try
        {
            ChatTemplate.For(tokenizer, ChatTemplate.Automatic).RenderPrompt(s_dialogue[..2]);
        }
        catch (TemplateException error)
        {
            throw new RlhfException(error.Message, error);
        }
    }

    private static void ReadLabels(string path)
    {
        var book = LabelBook.Of(LabelFile.Read(path));
        foreach (var label in book.Standing) book.Of(label.Annotator, label.Pair!);
        Agreement.Of([.. book.Standing]);
        foreach (var row in LabelledPairs.Rows(book.Standing)) Row.Of(path, 1, row);
    }

    private static void Watch(string path)
    {
        var tail = new MetricsTail(path, TimeProvider.System);
        tail.Refresh();
        tail.Rows(["kl", "entropy", "nothing"]);
        tail.Advice();
        tail.SecondsPerStep();
        if (tail.Rows(["kl"]).Steps.Count < 2) throw new RlhfException("a line was passed over");
    }

    /// <summary>Damage becomes a note on the page, which counts as a refusal here.</summary>
    private static void Report(string folder)
    {
        var run = RunReader.Read(Path.GetFullPath(folder));
        RunReport.Html(run);
        if (run.Notes.Any(note => !note.Contains("is missing", StringComparison.Ordinal) && !note.StartsWith("The directory holds", StringComparison.Ordinal))) throw new RlhfException(run.Notes[^1]);
    }

    private static void Judge(byte[] body)
    {
        using var client = new JudgeClient(new JudgeSource { BaseUrl = "http://127.0.0.1:9/v1", Model = "m" }, "judge");
        _ = client.Read(Encoding.UTF8.GetString(body)) ?? throw new RlhfException("no completion");
    }

    private static IReadOnlyList<byte[]> State()
    {
        using var scope = torch.NewDisposeScope();
        using var folder = new TemporaryFolder();
        StateFile.Save(folder.At("state"), new Dictionary<string, torch.Tensor> { ["exp_avg.0"] = torch.rand(4, 3), ["step"] = torch.ones([1], torch.ScalarType.Int64), ["half"] = torch.ones([2], torch.ScalarType.BFloat16) });
        return [File.ReadAllBytes(folder.At("state"))];
    }

    private static IReadOnlyList<byte[]> Cache()
    {
        using var folder = new TemporaryFolder();
        using (var cache = EpisodeCache.Open(folder.Path, "key", default))
            cache.Add(s_prompts, 0, [new EvaluatedEpisode { Prompt = 0, Sample = 0, PromptText = "p", Response = "r", Proxy = 0.5, Gold = 1, Tokens = [3, 4], Ended = true, K1 = 0.1, K3 = 0.2, ExactKl = 0.15, Entropy = 1.5 }]);
        return [File.ReadAllBytes(Directory.GetFiles(folder.Path).Single())];
    }

    private static IReadOnlyList<byte[]> Answers()
    {
        using var folder = new TemporaryFolder();
        using (var answers = new AnswerCache(folder.Path)) Array.ForEach(["k1", "k2"], key => answers.Add(key, new Rewards.Judging.Answer("7 \u00e9", 100, 2)));
        return [File.ReadAllBytes(Directory.GetFiles(folder.Path).Single())];
    }

    private static byte[] Reported(string name)
    {
        using var folder = new TemporaryFolder();
        FakeRun.Write(folder.Path, steps: 4);
        return File.ReadAllBytes(folder.At(name));
    }

    private static void Vocabulary(string folder) => File.WriteAllText(Path.Combine(folder, "vocab.json"),
        "{" + string.Join(", ", Enumerable.Range(0, 256).Select(value => $"{System.Text.Json.JsonSerializer.Serialize(Policies.Tokenization.Bpe.ByteLetters.Letter((byte)value).ToString())}: {value}")
            .Concat(new[] { "he", "ll", "hell", "hello", "\u0120w" }.Select((token, i) => $"\"{token}\": {256 + i}"))) + "}");

    private static Action<string> Beside(string name, string content) => folder =>
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    };

    private static void Scoped(Action read)
    {
        using var scope = torch.NewDisposeScope();
        read();
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
