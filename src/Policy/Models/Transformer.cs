using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>The trunk of a language model, from tokens to hidden states after the final norm; a head is added by its owner.</summary>
public sealed class Transformer : nn.Module
{
    private readonly Parameter? _positions;
    private readonly RotaryEmbedding? _rotary;
    private readonly Norm _norm;

    public Transformer(TransformerConfig config, ParameterSource source) : base(nameof(Transformer))
    {
        Config = config;
        Embedding = source.Take("embedding", config.Vocabulary, config.Width);
        register_parameter("embedding", Embedding);
        if (config.Rotary is { } rotary)
        {
            _rotary = new RotaryEmbedding(rotary, config.Context);
        }
        else
        {
            _positions = source.Take("positions", config.Context, config.Width);
            register_parameter("positions", _positions);
        }

        Blocks = [.. Enumerable.Range(0, config.Layers).Select(i => new Block(source.In($"blocks.{i}"), config, _rotary, i))];
        register_module("blocks", nn.ModuleList([.. Blocks]));
        _norm = new Norm(source, "norm", config);
        register_module("norm", _norm);
    }

    public TransformerConfig Config { get; }

    /// <summary>[V, D].</summary>
    public Parameter Embedding { get; }

    public IReadOnlyList<Block> Blocks { get; }

    /// <summary>Hidden states [B, S, D] of whole sequences.</summary>
    public Tensor Hidden(TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        var positions = _rotary is null || batch.HasPadding ? batch.Positions : null;
        var pass = Pass(batch, positions, null);
        return Run(batch.Tokens, positions, pass).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states [B, P, D] of prompts, whose keys and values go into the empty cache.</summary>
    public Tensor Prefill(TokenBatch prompts, KeyValueCache cache)
    {
        using var scope = NewDisposeScope();
        cache.Begin(prompts);
        var pass = Pass(prompts, prompts.Positions, cache);
        return Run(prompts.Tokens, prompts.Positions, pass).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states [B, n, D] of tokens [B, n] that follow what is in the cache, and are appended to it.</summary>
    public Tensor Decode(Tensor tokens, KeyValueCache cache)
    {
        using var scope = NewDisposeScope();
        var n = tokens.shape[1];
        var positions = cache.Extend(n);
        var tables = Tables(positions, cache.PositionBound, tokens.shape);
        var pass = new AttentionPass
        {
            Batch = tokens.shape[0], Length = n, Cache = cache, Cosines = tables?.Cosines, Sines = tables?.Sines,
            Bias = cache.Bias(n, positions, Embedding.dtype),
        };
        return Run(tokens, positions, pass).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _rotary?.Dispose();
        base.Dispose(disposing);
    }

    private AttentionPass Pass(TokenBatch batch, Tensor? positions, KeyValueCache? cache)
    {
        var tables = Tables(positions, batch.Length, batch.Tokens.shape);
        return new AttentionPass
        {
            Batch = batch.Count, Length = batch.Length, Cache = cache, Cosines = tables?.Cosines, Sines = tables?.Sines,
            Bias = AttentionBias.Causal(batch, Config.SlidingWindow, Embedding.dtype),
        };
    }

    private (Tensor Cosines, Tensor Sines)? Tables(Tensor? positions, long bound, long[] shape)
    {
        if (_rotary is null) return null;
        if (positions is null) return Typed(_rotary.First(bound, Embedding.device));
        var (cosines, sines) = Typed(_rotary.At(positions.reshape(-1), bound));
        long[] table = [shape[0], shape[1], 1, cosines.shape[^1]];
        return (cosines.view(table), sines.view(table));
    }

    private (Tensor Cosines, Tensor Sines) Typed((Tensor Cosines, Tensor Sines) tables) => Embedding.dtype == ScalarType.Float32
        ? tables
        : (tables.Cosines.to(Embedding.dtype), tables.Sines.to(Embedding.dtype));

    private Tensor Run(Tensor tokens, Tensor? positions, AttentionPass pass)
    {
        var rows = Embedding.index_select(0, tokens.reshape(-1));
        if (_positions is not null) rows = rows.add(_positions.index_select(0, positions!.reshape(-1)));
        foreach (var block in Blocks) rows = block.Apply(rows, pass);
        return _norm.Apply(rows).view(tokens.shape[0], tokens.shape[1], Config.Width);
    }
}
