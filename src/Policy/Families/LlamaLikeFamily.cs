using System.Text.Json.Nodes;
using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>
/// What most families since Llama share: rotary positions, RMS norms, a gated feed-forward layer, and the names of keys and
/// tensors. Which norms, biases and projections there are follows from the configuration.
/// </summary>
internal abstract class LlamaLikeFamily : ModelFamily
{
    public override string Prefix => "model.";
    public override string HeadName => "lm_head.weight";

    /// <summary>Queries, keys and values are one matrix of the checkpoint, and so are gate and up.</summary>
    protected virtual bool IsFused => false;

    /// <summary>What is read the same way in every family; they change the rest.</summary>
    protected static TransformerConfig ReadCommon(ConfigReader config)
    {
        int width = config.Number("hidden_size"), heads = config.Number("num_attention_heads");
        var head = config.OptionalNumber("head_dim") ?? (heads > 0 && width % heads == 0 ? width / heads
            : throw new RlhfException($"{config.Source}: hidden_size {width} is not a multiple of num_attention_heads {heads}"));
        return ReadCommon(config, head, RotarySettings.Read(config, head, config.Number("max_position_embeddings")));
    }

    /// <summary>The same where the width of a head and its positions are the family's own.</summary>
    protected static TransformerConfig ReadCommon(ConfigReader config, int head, RotaryConfig rotary)
    {
        var heads = config.Number("num_attention_heads");
        var biases = config.Flag("attention_bias") ?? false;
        return new TransformerConfig
        {
            Family = config.ModelType, Vocabulary = config.Number("vocab_size"), Width = config.Number("hidden_size"), Layers = config.Number("num_hidden_layers"),
            Heads = heads, KeyValueHeads = config.OptionalNumber("num_key_value_heads") ?? heads, HeadWidth = head,
            Hidden = config.Number("intermediate_size"), Context = config.Number("max_position_embeddings"), Activation = config.Activation("hidden_act", "silu"), GatedFeedForward = true,
            Norm = Normalization.RootMeanSquare, NormEpsilon = config.Real("rms_norm_eps") ?? 1e-6, Rotary = rotary,
            QueryKeyValueBias = biases, AttentionOutputBias = biases, FeedForwardBias = config.Flag("mlp_bias") ?? false,
            TiedHead = config.Flag("tie_word_embeddings") ?? false, InitializerRange = config.Real("initializer_range") ?? 0.02,
            Bos = config.Token("bos_token_id"), Eos = config.Token("eos_token_id"), Ends = [.. config.Tokens("eos_token_id").Skip(1)], Pad = config.Token("pad_token_id"),
        };
    }

    /// <summary>The window of all layers, or of those that layer_types names; none where no sequence reaches beyond it.</summary>
    protected static TransformerConfig WithWindow(TransformerConfig model, ConfigReader config, int? window, bool[]? layers) =>
        window is null || window >= model.Context || layers?.Contains(true) == false ? model
        : window < 1 ? throw new RlhfException($"{config.Source}: sliding_window is {window}; at least 1 is expected")
        : model with { SlidingWindow = window, WindowLayers = layers };

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
        return json;
    }

    protected static JsonArray LayerTypes(TransformerConfig config) =>
        new([.. Enumerable.Range(0, config.Layers).Select(layer => (JsonNode)(config.WindowLayers?[layer] == true ? "sliding_attention" : "full_attention"))]);

    /// <summary>The name of the classes, as in Qwen3ForCausalLM.</summary>
    protected abstract string ClassName(string modelType);

    public override string Architecture(TransformerConfig config, string task) => $"{ClassName(config.Family)}For{task}";

    public override IEnumerable<WeightSlot> Slots(TransformerConfig config)
    {
        yield return new WeightSlot("embedding", "embed_tokens.weight");
        for (var i = 0; i < config.Layers; i++)
        {
            foreach (var slot in Layer(config, $"blocks.{i}", $"layers.{i}")) yield return slot;
        }

        foreach (var slot in Norm(config, "norm", "norm")) yield return slot;
    }

    public override IEnumerable<ModulePart> Modules(TransformerConfig config, int layer)
    {
        string ours = $"blocks.{layer}", theirs = $"layers.{layer}";
        int queries = config.Heads * config.HeadWidth, keys = config.KeyValueHeads * config.HeadWidth;
        ModulePart output = new($"{theirs}.self_attn.o_proj", $"{ours}.attention.output", 0, config.Width), down = new($"{theirs}.mlp.down_proj", $"{ours}.feedforward.down", 0, config.Width);
        return IsFused
            ? [
                new($"{theirs}.self_attn.qkv_proj", $"{ours}.attention.qkv", 0, queries + 2 * keys), output,
                new($"{theirs}.mlp.gate_up_proj", $"{ours}.feedforward.up", 0, 2 * config.Hidden), down,
            ]
            : [
                new($"{theirs}.self_attn.q_proj", $"{ours}.attention.qkv", 0, queries),
                new($"{theirs}.self_attn.k_proj", $"{ours}.attention.qkv", queries, keys),
                new($"{theirs}.self_attn.v_proj", $"{ours}.attention.qkv", queries + keys, keys), output,
                new($"{theirs}.mlp.gate_proj", $"{ours}.feedforward.up", 0, config.Hidden),
                new($"{theirs}.mlp.up_proj", $"{ours}.feedforward.up", config.Hidden, config.Hidden), down,
            ];
    }

    private IEnumerable<WeightSlot> Layer(TransformerConfig config, string ours, string theirs) =>
    [
        .. Norms(config).SelectMany(norm => Norm(config, $"{ours}.{norm.Ours}", $"{theirs}.{norm.Theirs}")),
        .. Module($"{ours}.attention.qkv", IsFused ? [$"{theirs}.self_attn.qkv_proj"] : [$"{theirs}.self_attn.q_proj", $"{theirs}.self_attn.k_proj", $"{theirs}.self_attn.v_proj"], config.QueryKeyValueBias),
        .. Module($"{ours}.attention.output", [$"{theirs}.self_attn.o_proj"], config.AttentionOutputBias),
        .. Module($"{ours}.feedforward.up", IsFused ? [$"{theirs}.mlp.gate_up_proj"] : [$"{theirs}.mlp.gate_proj", $"{theirs}.mlp.up_proj"], config.FeedForwardBias),
        .. Module($"{ours}.feedforward.down", [$"{theirs}.mlp.down_proj"], config.FeedForwardBias),
    ];

    private static (string Ours, string Theirs)[] Norms(TransformerConfig config)
    {
        (string, string)[] between = config.NormPlacement switch
        {
            NormPlacement.Before => [("attention_norm", "input_layernorm"), ("feedforward_norm", "post_attention_layernorm")],
            NormPlacement.Behind => [("attention_end_norm", "post_attention_layernorm"), ("feedforward_end_norm", "post_feedforward_layernorm")],
            _ =>
            [
                ("attention_norm", "input_layernorm"), ("attention_end_norm", "post_attention_layernorm"),
                ("feedforward_norm", "pre_feedforward_layernorm"), ("feedforward_end_norm", "post_feedforward_layernorm"),
            ],
        };
        return config.QueryKeyNorm == QueryKeyNorm.None ? between : [.. between, ("attention.query_norm", "self_attn.q_norm"), ("attention.key_norm", "self_attn.k_norm")];
    }

    private static IEnumerable<WeightSlot> Norm(TransformerConfig config, string ours, string theirs) => Module(ours, [theirs], bias: config.Norm == Normalization.Layer);
}
