using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Gguf;

/// <summary>A model's tensors under the names and in the layouts that GGUF has for them.</summary>
internal static class GgufTensors
{
    private static readonly (string Ours, string Theirs)[] Parts =
    [
        ("attention_norm", "attn_norm"), ("attention_end_norm", "post_attention_norm"), ("attention.query_norm", "attn_q_norm"), ("attention.key_norm", "attn_k_norm"),
        ("attention.output", "attn_output"), ("feedforward_norm", "ffn_norm"), ("feedforward_end_norm", "post_ffw_norm"), ("feedforward.down", "ffn_down"),
    ];

    public static void AddTo(GgufWriter file, CausalLm model, GgufType type)
    {
        var config = model.Config;
        var weights = new Weights(file, model, type);
        weights.Add("token_embd.weight", "embedding");
        if (config.Rotary is null) weights.Add("position_embd.weight", "positions", narrow: false);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var (ours, theirs) = ($"blocks.{layer}.", $"blk.{layer}.");
            foreach (var (from, to) in Parts) weights.AddModule(theirs + to, ours + from);
            if (config.Family == "gpt2") weights.AddModule($"{theirs}attn_qkv", $"{ours}attention.qkv");
            else Attention(weights, config, ours, theirs);
            if (!config.GatedFeedForward)
            {
                weights.AddModule($"{theirs}ffn_up", $"{ours}feedforward.up");
                continue;
            }

            weights.AddModule($"{theirs}ffn_gate", $"{ours}feedforward.up", 0, config.Hidden);
            weights.AddModule($"{theirs}ffn_up", $"{ours}feedforward.up", config.Hidden, config.Hidden);
        }

        weights.AddModule("output_norm", "norm");
        if (!config.TiedHead) weights.Add("output.weight", null);
        if (GgufArchitecture.FrequencyDivisors(config) is { } divisors) file.Add(new GgufTensor("rope_freqs.weight", [divisors.Length], GgufType.F32, () => tensor(divisors)));
    }

    private static void Attention(Weights weights, TransformerConfig config, string ours, string theirs)
    {
        long queries = config.Heads * config.HeadWidth, keys = config.KeyValueHeads * config.HeadWidth;
        var isPaired = config.Family is "llama" or "mistral";
        weights.AddModule($"{theirs}attn_q", $"{ours}attention.qkv", 0, queries, isPaired ? config.Heads : 0);
        weights.AddModule($"{theirs}attn_k", $"{ours}attention.qkv", queries, keys, isPaired ? config.KeyValueHeads : 0);
        weights.AddModule($"{theirs}attn_v", $"{ours}attention.qkv", queries + keys, keys);
    }

    private sealed class Weights(GgufWriter file, CausalLm model, GgufType type)
    {
        private readonly Dictionary<string, Tensor> _state = Merged(model);

        public void AddModule(string name, string ours, long start = 0, long? rows = null, int pairedHeads = 0)
        {
            foreach (var kind in (string[])["weight", "bias"])
            {
                if (_state.ContainsKey($"{ours}.{kind}")) Add($"{name}.{kind}", $"{ours}.{kind}", start, rows, pairedHeads);
            }
        }

        /// <param name="ours">null: the output matrix</param>
        /// <param name="pairedHeads">heads whose halves a reader expects number by number, (a0, b0, a1, b1, …)</param>
        public void Add(string name, string? ours, long start = 0, long? rows = null, int pairedHeads = 0, bool narrow = true)
        {
            var whole = ours is null ? model.HeadWeight.detach() : _state[ours];
            long[] shape = [rows ?? whole.shape[0], .. whole.shape[1..]];
            var addsOne = model.Config.NormsAddOne && shape.Length == 1;
            file.Add(new GgufTensor(name, shape, narrow && shape.Length > 1 ? Fitting(shape[^1]) : GgufType.F32, () =>
            {
                var part = whole.narrow(0, start, shape[0]);
                if (pairedHeads > 0) part = part.reshape([pairedHeads, 2, shape[0] / pairedHeads / 2, .. shape[1..]]).transpose(1, 2).reshape(shape);
                return addsOne ? part.to(ScalarType.Float32).Plus(1.0) : part;
            }));
        }

        // Blocks do not reach over the end of a row.
        private GgufType Fitting(long width) => type == GgufType.Q8_0 && width % GgufTypes.Block != 0 ? GgufType.F16 : type;

        private static Dictionary<string, Tensor> Merged(CausalLm model)
        {
            var state = model.Trunk.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach());
            foreach (var (name, projection) in model.Trunk.Projections()) state[$"{name}.weight"] = projection.WholeWeight();
            return state;
        }
    }
}
