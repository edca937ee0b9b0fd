using Rlhf.Policies.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Generation;

/// <summary>
/// The hidden states that tokens of some episodes were drawn from. A forward pass over the finished episodes would make the
/// same ones again: in kernels to the bit, else but for the order of its sums.
/// </summary>
internal sealed class DrawnStates : IDisposable
{
    private readonly int _tokens;
    private readonly Tensor _rows; // [E·T, D]

    private DrawnStates(int episodes, int tokens, int width, ScalarType type)
    {
        _tokens = tokens;
        _rows = empty([(long)episodes * tokens, width], type).DetachFromDisposeScope();
    }

    /// <summary>
    /// Room for those of so many episodes, where they can stand for a pass: on a CPU, in float32 or in kernels. Elsewhere a step of one
    /// token rounds otherwise than a whole pass does, and there is none.
    /// </summary>
    public static DrawnStates? For(CausalLm model, int episodes, SamplingOptions options) =>
        model.HeadWeight.device_type == DeviceType.CPU && (model.HeadWeight.dtype == ScalarType.Float32 || model.Trunk.IsInKernels)
            ? new DrawnStates(episodes, Math.Min(options.MaxNewTokens, model.Config.Context), model.Config.Width, model.HeadWeight.dtype)
            : null;

    /// <summary>[N, D] of these episodes, each with the length of its response, one after the other.</summary>
    public Tensor Of(IEnumerable<(int Episode, int Length)> responses)
    {
        using var scope = NewDisposeScope();
        var places = responses.SelectMany(response => Enumerable.Range(0, response.Length).Select(token => Place(response.Episode, token))).ToArray();
        return _rows.index_select(0, tensor(places)).MoveToOuterDisposeScope();
    }

    public void Dispose() => _rows.Dispose();

    /// <param name="next">The episode of each row, and the how-manieth of its tokens is drawn.</param>
    /// <param name="hidden">[R, D].</param>
    internal void Keep(IEnumerable<(int Episode, int Token)> next, Tensor hidden) =>
        _rows.index_copy_(0, tensor(next.Select(one => Place(one.Episode, one.Token)).ToArray()), hidden);

    private long Place(int episode, int token) => (long)episode * _tokens + token;
}
