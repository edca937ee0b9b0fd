using System.Text.Json.Nodes;
using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>GPT-2 (Radford et al. 2019): learned positions, layer norm, matrices stored as [in, out].</summary>
internal sealed class Gpt2Family : ModelFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["gpt2"];
    public override string Prefix => "transformer.";
    public override string HeadName => "lm_head.weight";

    public override TransformerConfig Read(ConfigReader config)
    {
        config.Demand("scale_attn_weights", true);
        config.Demand("scale_attn_by_inverse_layer_idx", false);
        config.Demand("add_cross_attention", false);
        int width = config.Number("n_embd"), heads = config.Number("n_head");
        return new TransformerConfig
        {
            Family = config.ModelType, Vocabulary = config.Number("vocab_size"), Width = width, Layers = config.Number("n_layer"),
            Heads = heads, KeyValueHeads = heads, HeadWidth = heads > 0 && width % heads == 0 ? width / heads : throw Indivisible(config, width, heads),
            Hidden = config.OptionalNumber("n_inner") ?? 4 * width,
            Context = config.OptionalNumber("n_positions") ?? config.OptionalNumber("n_ctx") ?? throw config.Missing("n_positions"),
            Activation = config.Activation("activation_function", "gelu_new"), NormEpsilon = config.Real("layer_norm_epsilon") ?? 1e-5,
            TiedHead = config.Flag("tie_word_embeddings") ?? true, InitializerRange = config.Real("initializer_range") ?? 0.02,
            Bos = config.Token("bos_token_id"), Eos = config.Token("eos_token_id"), Ends = [.. config.Tokens("eos_token_id").Skip(1)], Pad = config.Token("pad_token_id"),
        };
    }

    public override JsonObject Write(TransformerConfig config) => new()
    {
        ["vocab_size"] = config.Vocabulary, ["n_embd"] = config.Width, ["n_layer"] = config.Layers, ["n_head"] = config.Heads,
        ["n_inner"] = config.Hidden == 4 * config.Width ? null : config.Hidden, ["n_positions"] = config.Context, ["n_ctx"] = config.Context,
        ["activation_function"] = ConfigReader.NameOf(config.Activation), ["layer_norm_epsilon"] = config.NormEpsilon,
        ["attn_pdrop"] = 0.0, ["embd_pdrop"] = 0.0, ["resid_pdrop"] = 0.0,
    };

    public override string Architecture(TransformerConfig config, string task) => task == "CausalLM" ? "GPT2LMHeadModel" : $"GPT2For{task}";

    public override IEnumerable<WeightSlot> Slots(TransformerConfig config)
    {
        yield return new WeightSlot("embedding", "wte.weight");
        yield return new WeightSlot("positions", "wpe.weight");
        for (var i = 0; i < config.Layers; i++)
        {
            foreach (var slot in Layer($"blocks.{i}", $"h.{i}")) yield return slot;
        }

        foreach (var slot in Module("norm", ["ln_f"], bias: true)) yield return slot;
    }

    public override IEnumerable<ModulePart> Modules(TransformerConfig config, int layer) =>
    [
        new($"h.{layer}.attn.c_attn", $"blocks.{layer}.attention.qkv", 0, config.QueryKeyValueWidth, WeightLayout.Transposed),
        new($"h.{layer}.attn.c_proj", $"blocks.{layer}.attention.output", 0, config.Width, WeightLayout.Transposed),
        new($"h.{layer}.mlp.c_fc", $"blocks.{layer}.feedforward.up", 0, config.Hidden, WeightLayout.Transposed),
        new($"h.{layer}.mlp.c_proj", $"blocks.{layer}.feedforward.down", 0, config.Width, WeightLayout.Transposed),
    ];

    private static IEnumerable<WeightSlot> Layer(string ours, string theirs) =>
    [
        .. Module($"{ours}.attention_norm", [$"{theirs}.ln_1"], bias: true),
        .. Module($"{ours}.attention.qkv", [$"{theirs}.attn.c_attn"], bias: true, WeightLayout.Transposed),
        .. Module($"{ours}.attention.output", [$"{theirs}.attn.c_proj"], bias: true, WeightLayout.Transposed),
        .. Module($"{ours}.feedforward_norm", [$"{theirs}.ln_2"], bias: true),
        .. Module($"{ours}.feedforward.up", [$"{theirs}.mlp.c_fc"], bias: true, WeightLayout.Transposed),
        .. Module($"{ours}.feedforward.down", [$"{theirs}.mlp.c_proj"], bias: true, WeightLayout.Transposed),
    ];

    private static RlhfException Indivisible(ConfigReader config, int width, int heads) =>
        new($"{config.Source}: n_embd {width} is not a multiple of n_head {heads}");
}
