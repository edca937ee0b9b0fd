using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>A trunk's passes in kernels, where <see cref="KernelRule"/> says so.</summary>
internal sealed class KernelTrunk(Transformer trunk) : IDisposable
{
    private readonly TrunkShape _shape = new(trunk.Config);

    // With adapters and without them, which take turns where a policy is its own reference.
    private readonly PackedTrunk?[] _packed = new PackedTrunk?[2];
    private PackedTrunk? _held;

    /// <summary>Hidden states [N, D] at places [N] of the flattened [B·S], or at all of them, zeros for padding.</summary>
    public Tensor HiddenAt(TokenBatch batch, Tensor? places, (Tensor Cosines, Tensor Sines)? angles)
    {
        var found = RealRows.Of(batch, places);
        var learns = is_grad_enabled() && trunk.parameters().Any(parameter => parameter.requires_grad);
        var keeping = !learns ? Keeping.Nothing : trunk.GradientCheckpointing ? Keeping.Inputs : Keeping.Everything;
        var pass = new TrunkPass(Taken(learns), found.ToRagged(trunk.Config.Vocabulary), keeping) { Angles = Kept(angles) };
        var hidden = Run(pass, found.Places);
        if (!learns)
        {
            pass.Dispose();
            return hidden;
        }

        // A node wants an input that learns; the parameters' gradients are added where they are, without it.
        Tensor[] inputs = [zeros([1], requires_grad: true), .. pass.MadeWeights];
        return Autograd.Attach(hidden, inputs, [], (_, towards) => Backward(pass, towards));
    }

    /// <summary>Hidden states [N, D] at places [N] of prompts, whose keys and values go to new rows of a cache.</summary>
    public Tensor Prefill(TokenBatch prompts, CacheRows rows, Tensor places, (Tensor Cosines, Tensor Sines)? angles)
    {
        var found = RealRows.Of(prompts, places);
        using var pass = new TrunkPass(Taken(false), found.ToRagged(trunk.Config.Vocabulary), Keeping.Nothing) { Cache = rows.Target(), Angles = Kept(angles) };
        return Run(pass, found.Places);
    }

    /// <summary>Hidden states [B·n, D] of tokens [B, n] that go on where rows of a cache end.</summary>
    public Tensor Decode(Tensor tokens, CacheRows rows, (Tensor Cosines, Tensor Sines)? angles)
    {
        var found = RealRows.From(tokens, rows.Starts!);
        using var pass = new TrunkPass(Taken(false), found.ToRagged(trunk.Config.Vocabulary), Keeping.Nothing) { Cache = rows.Target(), Angles = Kept(angles) };
        return Run(pass, found.Places);
    }

    /// <summary>The weights stay as they are until the result is disposed: token by token, asking whether they changed takes long.</summary>
    public IDisposable Hold()
    {
        _held = Taken(false);
        return new Holding(this);
    }

    /// <summary>The parameters are others now.</summary>
    public void Forget()
    {
        foreach (var packed in _packed) packed?.Dispose();
        Array.Clear(_packed);
    }

    public void Dispose() => Forget();

    private Tensor Run(TrunkPass pass, int places)
    {
        var hidden = empty([places, trunk.Config.Width], ScalarType.Float32, CPU);
        pass.Forward(hidden);
        return pass.Trunk.IsNarrow ? hidden.to(ScalarType.BFloat16) : hidden;
    }

    private static Tensor?[] Backward(TrunkPass pass, Tensor towards)
    {
        using (pass)
        {
            var gradients = new TrunkGradients();
            pass.Backward(towards.to(ScalarType.Float32).contiguous(), gradients);
            gradients.Finish();
            return [null, .. pass.MadeWeights.Select(gradients.OfMade)];
        }
    }

    private PackedTrunk Taken(bool backward)
    {
        if (_held is not null) return _held;
        var packed = _packed[trunk.Adapter is { IsOn: true } ? 1 : 0] ??= new PackedTrunk(_shape, trunk.Embedding.dtype == ScalarType.BFloat16);
        packed.Take(trunk.Weights(), backward);
        return packed;
    }

    // The tables may be made anew for longer sequences before a backward pass has read these.
    private static (Tensor Cosines, Tensor Sines)? Kept((Tensor Cosines, Tensor Sines)? angles) =>
        angles is var (cosines, sines) ? (cosines.alias().DetachFromDisposeScope(), sines.alias().DetachFromDisposeScope()) : null;

    private sealed class Holding(KernelTrunk owner) : IDisposable
    {
        public void Dispose() => owner._held = null;
    }
}
