using System.Text.Json.Nodes;
using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>GPT-NeoX and Pythia (Black et al. 2022): partial rotary positions, attention and feed-forward in parallel.</summary>
internal sealed class GptNeoxFamily : ModelFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["gpt_neox"];
    public override string Prefix => "gpt_neox.";
    public override string HeadName => "embed_out.weight";

    public override TransformerConfig Read(ConfigReader config)
    {
        int width = config.Number("hidden_size"), heads = config.Number("num_attention_heads"), context = config.Number("max_position_embeddings");
        var head = heads > 0 && width % heads == 0 ? width / heads
            : throw new RlhfException($"{config.Source}: hidden_size {width} is not a multiple of num_attention_heads {heads}");
        var biases = config.Flag("attention_bias") ?? true;
        return new TransformerConfig
        {
            Family = config.ModelType, Vocabulary = config.Number("vocab_size"), Width = width, Layers = config.Number("num_hidden_layers"),
            Heads = heads, KeyValueHeads = heads, HeadWidth = head, Hidden = config.Number("intermediate_size"), Context = context,
            Activation = config.Activation("hidden_act", "gelu"), NormEpsilon = config.Real("layer_norm_eps") ?? 1e-5,
            Rotary = RotarySettings.Read(config, head, context, part: 0.25),
            QueryKeyValueBias = biases, AttentionOutputBias = biases, ParallelResidual = config.Flag("use_parallel_residual") ?? true,
            TiedHead = config.Flag("tie_word_embeddings") ?? false, InitializerRange = config.Real("initializer_range") ?? 0.02,
            Bos = config.Token("bos_token_id"), Eos = config.Token("eos_token_id"), Ends = [.. config.Tokens("eos_token_id").Skip(1)], Pad = config.Token("pad_token_id"),
        };
    }

    public override JsonObject Write(TransformerConfig config)
    {
        var json = new JsonObject
        {
            ["vocab_size"] = config.Vocabulary, ["hidden_size"] = config.Width, ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads, ["intermediate_size"] = config.Hidden, ["max_position_embeddings"] = config.Context,
            ["hidden_act"] = ConfigReader.NameOf(config.Activation), ["layer_norm_eps"] = config.NormEpsilon,
            ["rotary_pct"] = (double)config.Rotary!.Width / config.HeadWidth, ["rotary_emb_base"] = config.Rotary.Base,
            ["use_parallel_residual"] = config.ParallelResidual, ["attention_bias"] = config.QueryKeyValueBias,
            ["attention_dropout"] = 0.0, ["hidden_dropout"] = 0.0,
        };
        RotarySettings.Write(config.Rotary, json);
        return json;
    }

    public override string Architecture(TransformerConfig config, string task) => $"GPTNeoXFor{task}";

    public override IEnumerable<WeightSlot> Slots(TransformerConfig config)
    {
        yield return new WeightSlot("embedding", "embed_in.weight");
        for (var i = 0; i < config.Layers; i++)
        {
            foreach (var slot in Layer(config, $"blocks.{i}", $"layers.{i}")) yield return slot;
        }

        foreach (var slot in Module("norm", ["final_layer_norm"], bias: true)) yield return slot;
    }

    public override IEnumerable<ModulePart> Modules(TransformerConfig config, int layer) =>
    [
        new($"layers.{layer}.attention.query_key_value", $"blocks.{layer}.attention.qkv", 0, config.QueryKeyValueWidth, WeightLayout.HeadByHead),
        new($"layers.{layer}.attention.dense", $"blocks.{layer}.attention.output", 0, config.Width),
        new($"layers.{layer}.mlp.dense_h_to_4h", $"blocks.{layer}.feedforward.up", 0, config.Hidden),
        new($"layers.{layer}.mlp.dense_4h_to_h", $"blocks.{layer}.feedforward.down", 0, config.Width),
    ];

    private static IEnumerable<WeightSlot> Layer(TransformerConfig config, string ours, string theirs) =>
    [
        .. Module($"{ours}.attention_norm", [$"{theirs}.input_layernorm"], bias: true),
        .. Module($"{ours}.attention.qkv", [$"{theirs}.attention.query_key_value"], config.QueryKeyValueBias, WeightLayout.HeadByHead),
        .. Module($"{ours}.attention.output", [$"{theirs}.attention.dense"], config.AttentionOutputBias),
        .. Module($"{ours}.feedforward_norm", [$"{theirs}.post_attention_layernorm"], bias: true),
        .. Module($"{ours}.feedforward.up", [$"{theirs}.mlp.dense_h_to_4h"], bias: true),
        .. Module($"{ours}.feedforward.down", [$"{theirs}.mlp.dense_4h_to_h"], bias: true),
    ];
}
