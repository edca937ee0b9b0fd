using Rlhf.Foundation;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>The trunk of a language model, from tokens to hidden states after the final norm; a head is added by its owner.</summary>
public sealed class Transformer : WeightModule
{
    private readonly RotarySet _rotary;
    private readonly bool _inKernels;
    private readonly Norm _norm;
    private readonly KernelTrunk _kernels;

    public Transformer(TransformerConfig config, ParameterSource source) : base(nameof(Transformer))
    {
        Config = config;
        Keep("embedding", source("embedding", [config.Vocabulary, config.Width]));
        _rotary = new RotarySet(config);
        _inKernels = TrunkShape.Serves(config);
        if (config.Rotary is null) Keep("positions", source("positions", [config.Context, config.Width]));

        Blocks = [.. Enumerable.Range(0, config.Layers).Select(i => new Block(source.In($"blocks.{i}"), config, i))];
        register_module("blocks", nn.ModuleList([.. Blocks]));
        _norm = new Norm(source, "norm", config);
        register_module("norm", _norm);
        _kernels = new KernelTrunk(this);
    }

    public TransformerConfig Config { get; }

    /// <summary>[V, D].</summary>
    public Parameter Embedding => Kept("embedding");

    internal IReadOnlyList<Block> Blocks { get; }

    /// <summary>The low-rank adapters, where there are any.</summary>
    public LoraAdapter? Adapter { get; internal set; }

    /// <summary>Whether the forward pass keeps each block's input alone and the backward pass runs the block again, for the same gradients.</summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>Every product with weights, by its name in the trunk.</summary>
    internal IEnumerable<(string Name, Projection Projection)> Projections() => Blocks.SelectMany((block, i) => new[]
    {
        ($"blocks.{i}.attention.qkv", block.Attention.QueryKeyValue), ($"blocks.{i}.attention.output", block.Attention.Output),
        ($"blocks.{i}.feedforward.up", block.FeedForward.Up), ($"blocks.{i}.feedforward.down", block.FeedForward.Down),
    });

    /// <summary>Hidden states [B, S, D] of whole sequences.</summary>
    public Tensor Hidden(TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        return HiddenAt(batch, null).view(batch.Count, batch.Length, Config.Width).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Hidden states [N, D] at places [N] of the flattened [B·S], or all of them; the last layer computes nothing that no
    /// place asks for.
    /// </summary>
    public Tensor HiddenAt(TokenBatch batch, Tensor? places)
    {
        using var scope = NewDisposeScope();
        if (IsInKernels)
        {
            WantPositions(batch.Lengths.Max());
            return _kernels.HiddenAt(batch, places, _rotary.Covering(batch.Length, Embedding.device)).MoveToOuterDisposeScope();
        }

        // Padding behind a sequence is out of its sight and moves none of its positions.
        if (batch.HasPadding && !batch.PaddedAtEnd) return HiddenAt(batch.Aligned(), batch.WhenAligned(places)).MoveToOuterDisposeScope();
        return Run(batch.Tokens, null, null, places).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states [N, D] at places [N] of the flattened prompts [B·P], which become new rows of the cache; padding stands after a prompt.</summary>
    internal Tensor Prefill(TokenBatch prompts, KeyValueCache cache, Tensor places)
    {
        using var scope = NewDisposeScope();
        var rows = cache.Admit(prompts);
        if (IsInKernels) return _kernels.Prefill(prompts, rows, places, rows.Rotary.Covering(rows.Columns, Embedding.device)).MoveToOuterDisposeScope();
        return Run(prompts.Tokens, null, rows, places).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states [B, n, D] of tokens [B, n] that are appended to the cache's rows.</summary>
    internal Tensor Decode(Tensor tokens, KeyValueCache cache)
    {
        using var scope = NewDisposeScope();
        var n = tokens.shape[1];
        cache.Fits(cache.Longest + n);
        cache.Extend(n);
        return Decode(tokens, cache.Next(cache.Count, cache.Longest, n)).MoveToOuterDisposeScope();
    }

    /// <summary>The same over rows that were taken already; nothing in it waits for the device.</summary>
    internal Tensor Decode(Tensor tokens, CacheRows rows)
    {
        using var scope = NewDisposeScope();
        if (IsInKernels) return _kernels.Decode(tokens, rows, rows.Rotary.Covering(rows.Columns, Embedding.device)).view(tokens.shape[0], -1, Config.Width).MoveToOuterDisposeScope();
        var (starts, n) = (rows.Starts!.unsqueeze(1), tokens.shape[1]);
        var columns = n == 1 ? starts : starts.Plus(Arithmetic.Range(n, tokens.device));
        return Run(tokens, columns, rows, null).view(tokens.shape[0], n, Config.Width).MoveToOuterDisposeScope();
    }

    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        base._toEpilog(dtype, device, non_blocking);
        _kernels.Forget();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _rotary.Dispose();
            _kernels.Dispose();
        }

        base.Dispose(disposing);
    }

    // [N, D] at the places, or [B·S, D] without any.
    private Tensor Run(Tensor tokens, Tensor? columns, CacheRows? cache, Tensor? places)
    {
        var (batch, length) = (tokens.shape[0], tokens.shape[1]);
        var shapes = new LayerShapes(this, cache is null ? _rotary : cache.Rotary, tokens.shape, columns, cache?.Columns ?? length);
        var rows = Layers.Embedding(Embedding, tokens.reshape(-1));
        if (Config.EmbeddingScale != 1) rows = rows.mul(Number.Of(Rounded(Config.EmbeddingScale, rows.dtype)));
        if (Config.Rotary is null) rows = AddPositions(rows, columns, batch, length);
        var recomputes = GradientCheckpointing && cache is null && is_grad_enabled();
        for (var layer = 0; layer < Blocks.Count; layer++)
        {
            using var input = rows;
            var (block, shape) = (Blocks[layer], shapes[layer]);
            var asked = layer == Blocks.Count - 1 ? places : null;
            rows = recomputes ? RecomputedBlock.Apply(block, input, shape, asked) : block.Apply(input, shape, cache, asked);
        }

        // What divides logits divides the states they are made of.
        var hidden = _norm.Apply(rows);
        return Config.LogitDivisor == 1 ? hidden : hidden.div(Number.Of(Config.LogitDivisor));
    }

    // The scale of embeddings is a number of their type.
    private static double Rounded(double scale, ScalarType type) => type switch
    {
        ScalarType.BFloat16 => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits((float)scale) + 0x8000) & 0xFFFF0000),
        ScalarType.Float16 => (double)(Half)scale,
        _ => (float)scale,
    };

    /// <summary>As kernels take it.</summary>
    internal TrunkWeights Weights() => new()
    {
        Embedding = Embedding, Positions = Config.Rotary is null ? Kept("positions") : null, Layers = [.. Blocks.Select(block => block.Weights())], Norm = _norm.Weights(),
    };

    /// <summary>Nothing changes the weights until the result is disposed, so that passes need not look whether something did.</summary>
    internal IDisposable? Hold() => IsInKernels ? _kernels.Hold() : null;

    /// <summary>Whether its passes are those of kernels.</summary>
    internal bool IsInKernels => _inKernels && KernelRule.ServesModel(Embedding);

    private void WantPositions(long length)
    {
        if (Config.Rotary is null && length > Config.Context) throw new RlhfException($"a sequence of {length} tokens is longer than the {Config.Context} positions the model has");
    }

    private Tensor AddPositions(Tensor rows, Tensor? columns, long batch, long length)
    {
        WantPositions(length);
        return columns is null
            ? rows.view(batch, length, Config.Width).Plus(Kept("positions").narrow(0, 0, length)).view(batch * length, Config.Width)
            : rows.Plus(Layers.Embedding(Kept("positions"), columns.reshape(-1)));
    }
}
