using System.Text.Json.Nodes;
using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>Llama (Touvron et al. 2023) and what is built like it: Mistral, Qwen2, SmolLM2.</summary>
internal sealed class LlamaFamily : ModelFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["llama", "mistral", "qwen2"];
    public override string Prefix => "model.";
    public override string HeadName => "lm_head.weight";

    public override TransformerConfig Read(ConfigReader config)
    {
        int width = config.Number("hidden_size"), heads = config.Number("num_attention_heads"), context = config.Number("max_position_embeddings");
        var head = config.OptionalNumber("head_dim") ?? (heads > 0 && width % heads == 0 ? width / heads
            : throw new RlhfException($"{config.Source}: hidden_size {width} is not a multiple of num_attention_heads {heads}"));
        var biases = config.Flag("attention_bias") ?? false;
        return new TransformerConfig
        {
            Family = config.ModelType, Vocabulary = config.Number("vocab_size"), Width = width, Layers = config.Number("num_hidden_layers"),
            Heads = heads, KeyValueHeads = config.OptionalNumber("num_key_value_heads") ?? heads, HeadWidth = head,
            Hidden = config.Number("intermediate_size"), Context = context, Activation = config.Activation("hidden_act", "silu"), GatedFeedForward = true,
            Norm = Normalization.RootMeanSquare, NormEpsilon = config.Real("rms_norm_eps") ?? 1e-6, Rotary = RotarySettings.Read(config, head, context),
            QueryKeyValueBias = config.ModelType == "qwen2" || biases, AttentionOutputBias = config.ModelType != "qwen2" && biases,
            FeedForwardBias = config.Flag("mlp_bias") ?? false, SlidingWindow = Window(config, context),
            TiedHead = config.Flag("tie_word_embeddings") ?? false, InitializerRange = config.Real("initializer_range") ?? 0.02,
            Bos = config.Token("bos_token_id"), Eos = config.Token("eos_token_id"), Pad = config.Token("pad_token_id"),
        };
    }

    public override JsonObject Write(TransformerConfig config)
    {
        var json = new JsonObject
        {
            ["vocab_size"] = config.Vocabulary, ["hidden_size"] = config.Width, ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads, ["num_key_value_heads"] = config.KeyValueHeads, ["head_dim"] = config.HeadWidth,
            ["intermediate_size"] = config.Hidden, ["max_position_embeddings"] = config.Context,
            ["hidden_act"] = ConfigReader.NameOf(config.Activation), ["rms_norm_eps"] = config.NormEpsilon,
            ["attention_dropout"] = 0.0,
        };
        RotarySettings.Write(config.Rotary!, json);
        if (config.Family == "llama") (json["attention_bias"], json["mlp_bias"]) = (config.QueryKeyValueBias, config.FeedForwardBias);
        if (config.Family == "mistral") json["sliding_window"] = config.SlidingWindow;
        if (config.Family == "qwen2") json["use_sliding_window"] = false;
        return json;
    }

    public override string Architecture(TransformerConfig config, string task) =>
        config.Family switch { "mistral" => "Mistral", "qwen2" => "Qwen2", _ => "Llama" } + $"For{task}";

    public override IEnumerable<WeightSlot> Slots(TransformerConfig config)
    {
        yield return new WeightSlot("embedding", "embed_tokens.weight");
        for (var i = 0; i < config.Layers; i++)
        {
            foreach (var slot in Layer(config, $"blocks.{i}", $"layers.{i}")) yield return slot;
        }

        yield return new WeightSlot("norm.weight", "norm.weight");
    }

    public override IEnumerable<ModulePart> Modules(TransformerConfig config, int layer)
    {
        string ours = $"blocks.{layer}", theirs = $"layers.{layer}";
        int queries = config.Heads * config.HeadWidth, keys = config.KeyValueHeads * config.HeadWidth;
        return
        [
            new($"{theirs}.self_attn.q_proj", $"{ours}.attention.qkv", 0, queries),
            new($"{theirs}.self_attn.k_proj", $"{ours}.attention.qkv", queries, keys),
            new($"{theirs}.self_attn.v_proj", $"{ours}.attention.qkv", queries + keys, keys),
            new($"{theirs}.self_attn.o_proj", $"{ours}.attention.output", 0, config.Width),
            new($"{theirs}.mlp.gate_proj", $"{ours}.feedforward.up", 0, config.Hidden),
            new($"{theirs}.mlp.up_proj", $"{ours}.feedforward.up", config.Hidden, config.Hidden),
            new($"{theirs}.mlp.down_proj", $"{ours}.feedforward.down", 0, config.Width),
        ];
    }

    private static IEnumerable<WeightSlot> Layer(TransformerConfig config, string ours, string theirs) =>
    [
        new($"{ours}.attention_norm.weight", $"{theirs}.input_layernorm.weight"),
        .. Module($"{ours}.attention.qkv", [$"{theirs}.self_attn.q_proj", $"{theirs}.self_attn.k_proj", $"{theirs}.self_attn.v_proj"], config.QueryKeyValueBias),
        .. Module($"{ours}.attention.output", [$"{theirs}.self_attn.o_proj"], config.AttentionOutputBias),
        new($"{ours}.feedforward_norm.weight", $"{theirs}.post_attention_layernorm.weight"),
        .. Module($"{ours}.feedforward.up", [$"{theirs}.mlp.gate_proj", $"{theirs}.mlp.up_proj"], config.FeedForwardBias),
        .. Module($"{ours}.feedforward.down", [$"{theirs}.mlp.down_proj"], config.FeedForwardBias),
    ];

    // Mistral's window holds for every layer. Qwen2 names one but leaves it off in the models it published.
    private static int? Window(ConfigReader config, int context)
    {
        if (config.ModelType == "qwen2") config.Demand("use_sliding_window", false);
        return config.ModelType == "mistral" && config.OptionalNumber("sliding_window") is { } window && window < context ? window : null;
    }
}
