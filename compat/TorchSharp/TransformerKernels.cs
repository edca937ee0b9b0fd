using TorchSharp.Interop;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// The layers of a transformer as single operators with gradients, for CPU tensors of float32 or bfloat16
/// (native/layers.cpp, native/attention.cpp). Rows are [N, width]; sequences of one length follow each other.
/// </summary>
public static class TransformerKernels
{
    /// <summary>Whether the operators take this tensor.</summary>
    public static bool Take(Tensor tensor) => tensor.device_type == DeviceType.CPU && tensor.dtype is ScalarType.Float32 or ScalarType.BFloat16;

    public static Tensor Gelu(Tensor rows) => Operators.Call("bridge::gelu", rows);

    /// <summary>silu(gate)·up of rows [gate | up].</summary>
    public static Tensor SwiGlu(Tensor rows) => Operators.Call("bridge::swiglu", rows);

    /// <summary>Layer norm; RMS norm where there is no bias.</summary>
    public static Tensor Norm(Tensor rows, Tensor weight, Tensor? bias, double epsilon) => Operators.Call("bridge::norm", rows, weight, bias, epsilon);

    /// <summary>Rows [N] of a table.</summary>
    public static Tensor Rows(Tensor table, Tensor places) => Operators.Call("bridge::rows", table, places);

    /// <summary>rows·weightᵀ + bias + residual.</summary>
    public static Tensor Linear(Tensor rows, Tensor weight, Tensor? bias, Tensor? residual) => Operators.Call("bridge::linear", rows, weight, bias, residual);

    /// <summary>Causal attention of rows [N, (H + 2·Hkv)·Dh], queries, keys and values side by side, whose rotary turn is part of it.</summary>
    public static Tensor Attention(Tensor rows, long batch, long heads, long sharedHeads, double scale, Tensor? real, Tensor? positions, long window, Tensor? cosines, Tensor? sines) =>
        Operators.Call("bridge::attention", rows, batch, heads, sharedHeads, scale, real, positions, window, cosines, sines);

    /// <summary>
    /// Turns queries and keys of rows in place by the angles of their columns and writes keys and values into a cache
    /// [B, Hkv, capacity, Dh], each sequence from its start [B] on, or from column 0.
    /// </summary>
    public static void Append(Tensor rows, Tensor keys, Tensor values, Tensor? starts, long heads, Tensor? cosines, Tensor? sines) =>
        Operators.Run("bridge::cache_append", rows, keys, values, starts, heads, cosines, sines);

    /// <summary>The newest queries, turned already, over the columns of a cache up to their own.</summary>
    public static Tensor CachedAttention(Tensor rows, Tensor keys, Tensor values, Tensor? starts, long heads, double scale, long window) =>
        Operators.Call("bridge::attention_cached", rows, keys, values, starts, heads, scale, window);

    /// <summary>Draws a token of softmax(logits·scale) for each row by a number in [0, 1): tokens [N] int64 and their log-probs [N].</summary>
    public static (Tensor Tokens, Tensor LogProbs) Sample(Tensor logits, Tensor uniforms, double scale) => Operators.Call2("bridge::sample", logits, uniforms, scale);

    /// <summary>ln softmax(logits·scale) at the targets and ln Σ exp(logits·scale), both [N] float32, of logits [N, V]; no gradient.</summary>
    public static (Tensor LogProbs, Tensor LogSums) LogProb(Tensor logits, Tensor targets, double scale) => Operators.Call2("bridge::log_prob", logits, targets, scale);

    /// <summary>Overwrites logits with their gradient for Σ gradient·log-prob.</summary>
    public static void LogProbBackward(Tensor logits, Tensor targets, Tensor logSums, Tensor gradient, double scale) =>
        Operators.Run("bridge::log_prob_backward", logits, targets, logSums, gradient, scale);

    /// <summary>−Σ p·ln p and Σ p·(ln p − ln q) of each row, p and q being the softmax of logits·scale and others·scale; no gradient.</summary>
    public static (Tensor Entropies, Tensor Divergences) Divergence(Tensor logits, Tensor logSums, Tensor others, Tensor otherLogSums, double scale) =>
        Operators.Call2("bridge::divergence", logits, logSums, others, otherLogSums, scale);
}
