using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>The nonlinearity of the feed-forward layers.</summary>
public enum Activation
{
    /// <summary>GELU by the tanh approximation (GPT-2's <c>gelu_new</c>).</summary>
    GeluTanh,
    /// <summary>x·Φ(x), exactly.</summary>
    Gelu,
    Silu,
    Relu,
}

/// <summary>How hidden states are normalised.</summary>
public enum Normalization
{
    /// <summary>Centred and scaled, with a bias (Ba et al. 2016).</summary>
    Layer,
    /// <summary>Scaled only (Zhang and Sennrich 2019).</summary>
    RootMeanSquare,
}

/// <summary>Where a layer's norms stand.</summary>
public enum NormPlacement
{
    /// <summary>Before attention and feed-forward: x + f(norm(x)).</summary>
    Before,
    /// <summary>Behind them: x + norm(f(x)) (OLMo 2).</summary>
    Behind,
    /// <summary>On both sides: x + norm(f(norm(x))) (Gemma 2).</summary>
    Around,
}

/// <summary>Whether queries and keys are normalised before positions turn them.</summary>
public enum QueryKeyNorm
{
    None,
    /// <summary>Each head by itself, all with one weight (Qwen3, Gemma 3).</summary>
    PerHead,
    /// <summary>All heads together (OLMo 2).</summary>
    Whole,
}

/// <summary>The shape of a decoder-only transformer, whatever family it belongs to.</summary>
public sealed record TransformerConfig
{
    /// <summary>The <c>model_type</c> of the Hugging Face layout: gpt2, llama, qwen3, gemma3_text, …</summary>
    public string Family { get; init; } = "gpt2";
    public int Vocabulary { get; init; }
    /// <summary>D, the width of the residual stream.</summary>
    public int Width { get; init; }
    public int Layers { get; init; }
    public int Heads { get; init; }
    /// <summary>Heads of keys and values; fewer than <see cref="Heads"/> is grouped-query attention.</summary>
    public int KeyValueHeads { get; init; }
    /// <summary>Width of one head; Width / Heads unless the family says otherwise.</summary>
    public int HeadWidth { get; init; }
    /// <summary>Width between the two products of a feed-forward layer.</summary>
    public int Hidden { get; init; }
    /// <summary>Longest sequence the positions were made for.</summary>
    public int Context { get; init; }
    public Activation Activation { get; init; } = Activation.GeluTanh;
    /// <summary>Feed-forward is down(act(gate(x))·up(x)) instead of down(act(up(x))).</summary>
    public bool GatedFeedForward { get; init; }
    public Normalization Norm { get; init; } = Normalization.Layer;
    public double NormEpsilon { get; init; } = 1e-5;
    public NormPlacement NormPlacement { get; init; }
    /// <summary>A norm multiplies with 1 + its weight (Gemma).</summary>
    public bool NormsAddOne { get; init; }
    public QueryKeyNorm QueryKeyNorm { get; init; }
    /// <summary>Rotary positions; null means a learned table of positions.</summary>
    public RotaryConfig? Rotary { get; init; }
    /// <summary>Those of the layers that see a window alone; null: the same.</summary>
    public RotaryConfig? WindowRotary { get; init; }
    /// <summary>By layer, whether positions turn its queries and keys; null: in all of them.</summary>
    public ValueList<bool>? RotaryLayers { get; init; }
    public bool QueryKeyValueBias { get; init; } = true;
    public bool AttentionOutputBias { get; init; } = true;
    public bool FeedForwardBias { get; init; } = true;
    /// <summary>Attention and feed-forward read the same residual and are added together (GPT-J, GPT-NeoX).</summary>
    public bool ParallelResidual { get; init; }
    /// <summary>A query sees this many keys, itself included; null means all before it.</summary>
    public int? SlidingWindow { get; init; }
    /// <summary>By layer, whether the window holds there; null: in all of them, where there is one.</summary>
    public ValueList<bool>? WindowLayers { get; init; }
    /// <summary>What scores of queries and keys are multiplied by; null: 1/√HeadWidth.</summary>
    public double? AttentionScale { get; init; }
    /// <summary>c: scores become c·tanh(scores/c) before their softmax (Gemma 2).</summary>
    public double? AttentionCap { get; init; }
    /// <summary>c: logits become c·tanh(logits/c) (Gemma 2).</summary>
    public double? LogitCap { get; init; }
    /// <summary>What embeddings are multiplied by.</summary>
    public double EmbeddingScale { get; init; } = 1;
    /// <summary>What attention and feed-forward are multiplied by where they join the residual stream (Granite).</summary>
    public double ResidualScale { get; init; } = 1;
    /// <summary>What logits are divided by (Granite).</summary>
    public double LogitDivisor { get; init; } = 1;
    /// <summary>The output matrix is the token embedding.</summary>
    public bool TiedHead { get; init; } = true;
    /// <summary>Standard deviation of initial weights.</summary>
    public double InitializerRange { get; init; } = 0.02;
    public int? Bos { get; init; }
    public int? Eos { get; init; }
    /// <summary>Other tokens that end a text too, as a chat's end of turn does.</summary>
    public ValueList<int> Ends { get; init; } = [];
    /// <summary>All tokens of its own that end a text; files name some that a model lacks.</summary>
    public IEnumerable<int> EndTokens => Ends.Prepend(Eos ?? -1).Where(id => (uint)id < (uint)Vocabulary);
    public int? Pad { get; init; }

    /// <summary>Rows of the fused query, key and value matrix.</summary>
    public int QueryKeyValueWidth => (Heads + 2 * KeyValueHeads) * HeadWidth;

    /// <summary>The window of a layer; null: it sees all before it.</summary>
    public int? WindowOf(int layer) => WindowLayers is null || WindowLayers[layer] ? SlidingWindow : null;

    /// <summary>The rotary positions of a layer; null: none turn it.</summary>
    public RotaryConfig? RotaryOf(int layer) => RotaryLayers is not null && !RotaryLayers[layer] ? null
        : WindowRotary is not null && WindowLayers is not null && WindowLayers[layer] ? WindowRotary : Rotary;

    /// <summary>A GPT-2 shape, the one small models are trained from scratch in.</summary>
    public static TransformerConfig Gpt2(int vocabulary, int width, int layers, int heads, int context) => new()
    {
        Family = "gpt2", Vocabulary = vocabulary, Width = width, Layers = layers, Heads = heads, KeyValueHeads = heads,
        HeadWidth = width / heads, Hidden = 4 * width, Context = context,
    };

    /// <summary>A Llama shape: rotary positions, RMS norm, SwiGLU, no biases.</summary>
    public static TransformerConfig Llama(int vocabulary, int width, int layers, int heads, int keyValueHeads, int hidden, int context) => new()
    {
        Family = "llama", Vocabulary = vocabulary, Width = width, Layers = layers, Heads = heads, KeyValueHeads = keyValueHeads,
        HeadWidth = width / heads, Hidden = hidden, Context = context, Activation = Activation.Silu, GatedFeedForward = true,
        Norm = Normalization.RootMeanSquare, Rotary = new RotaryConfig { Width = width / heads },
        QueryKeyValueBias = false, AttentionOutputBias = false, FeedForwardBias = false,
    };

    /// <summary>Throws where the numbers cannot belong to one model.</summary>
    public TransformerConfig Validated(string source)
    {
        Positive(Vocabulary, "vocabulary"); Positive(Width, "width"); Positive(Layers, "layers"); Positive(Heads, "heads");
        Positive(KeyValueHeads, "key-value heads"); Positive(HeadWidth, "head width"); Positive(Hidden, "feed-forward width"); Positive(Context, "context");
        if (Heads % KeyValueHeads != 0) throw new RlhfException($"{source}: {Heads} heads cannot share {KeyValueHeads} key-value heads evenly");
        foreach (var rotary in (RotaryConfig?[])[Rotary, WindowRotary])
        {
            if (rotary is not null && (rotary.Width <= 0 || rotary.Width > HeadWidth || rotary.Width % 2 != 0))
                throw new RlhfException($"{source}: the rotary width {rotary.Width} must be even and at most the head width {HeadWidth}");
        }

        Layered(WindowLayers, "layer_types"); Layered(RotaryLayers, "no_rope_layers");
        return this;

        void Layered(IReadOnlyList<bool>? layers, string key)
        {
            if (layers is not null && layers.Count != Layers) throw new RlhfException($"{source}: {key} names {layers.Count} layers of {Layers}");
        }

        void Positive(int value, string what)
        {
            if (value <= 0) throw new RlhfException($"{source}: {what} is {value}; it must be at least 1");
        }
    }
}
