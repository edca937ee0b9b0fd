using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using Rlhf.Policies.TensorFiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>
/// Parameters that share weight decay and type, whose moments, summed gradients and float32 weights are spread over the ranks (ZeRO,
/// Rajbhandari et al. 2020, stages 1 and 2): each rank steps its share, then the buckets are put together again.
/// </summary>
internal sealed class SpreadGroup : IDisposable
{
    /// <summary>16 MiB of gradients at a time.</summary>
    private const long BucketSize = 1 << 22;

    private readonly (string Name, Parameter Parameter)[] _parameters;
    private readonly Collective _job;
    private readonly ShardPlan _plan;
    private readonly double _weightDecay;
    private readonly Device _device;
    private readonly Tensor _first, _second;

    /// <summary>float32 weights of a narrower model's share; null where the model's own are that.</summary>
    private readonly Tensor? _weights;
    private Tensor? _gradients;
    private bool[] _reached = [];

    public SpreadGroup(IEnumerable<(string Name, Parameter Parameter)> parameters, double weightDecay, Collective job)
    {
        (_parameters, _weightDecay, _job) = ([.. parameters], weightDecay, job);
        _plan = new ShardPlan([.. _parameters.Select(one => one.Parameter.numel())], job.Rank, job.Size, BucketSize);
        _device = _parameters[0].Parameter.device;
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        (_first, _second) = (Share().DetachFromDisposeScope(), Share().DetachFromDisposeScope());
        if (_parameters[0].Parameter.dtype == ScalarType.Float32) return;
        _weights = Share().DetachFromDisposeScope();
        foreach (var part in _plan.Parts) Of(_weights, part).copy_(Of(_parameters[part.Parameter].Parameter, part));
    }

    public bool IsNarrow => _weights is not null;

    public IReadOnlyList<Parameter> Parameters => [.. _parameters.Select(one => one.Parameter)];

    /// <summary>The parts of the state, by the beginning of their tensors' names.</summary>
    public IReadOnlyList<(string Kind, Tensor Share)> State => _weights is null ? [("first", _first), ("second", _second)] : [("first", _first), ("second", _second), ("weight", _weights)];

    public IReadOnlyList<(string Name, long[] Shape)> Shapes => [.. _parameters.Select(one => (one.Name, one.Parameter.shape))];

    /// <summary>Takes the gradients off the parameters and keeps this rank's share of their sum; the result is Σ x² over it.</summary>
    /// <param name="reached">of each parameter whether it has a gradient anywhere</param>
    public Tensor Collect(bool[] reached)
    {
        _reached = reached;
        _gradients?.Dispose();
        _gradients = Share().DetachFromDisposeScope();
        foreach (var bucket in _plan.Buckets)
        {
            using var scope = NewDisposeScope();
            var whole = zeros(_plan.Filled(bucket), dtype: ScalarType.Float32, device: _device);
            foreach (var segment in bucket.Segments)
            {
                var parameter = _parameters[segment.Parameter].Parameter;
                if (parameter.grad is not { } gradient) continue;
                whole.narrow(0, segment.At, segment.Count).copy_(gradient.contiguous().view(-1).narrow(0, segment.First, segment.Count));
                // Its last numbers are on their way.
                if (segment.First + segment.Count == parameter.numel()) parameter.grad = null;
            }

            _job.ScatterSum(whole, _gradients.narrow(0, bucket.At, bucket.Part));
        }

        return KernelRule.Serves(_gradients) ? tensor(Math.Pow(OptimizerStep.Norm([_gradients]), 2)) : _gradients.dot(_gradients).to(ScalarType.Float64);
    }

    public string? NotFinite()
    {
        foreach (var part in _plan.Parts)
        {
            using var scope = NewDisposeScope();
            if (!Of(_gradients!, part).isfinite().all().item<bool>()) return _parameters[part.Parameter].Name;
        }

        return null;
    }

    public void Step(AdamWStep step, Tensor? divisor)
    {
        using var scope = NewDisposeScope();
        Segment[] parts = [.. _plan.Parts.Where(part => _reached[part.Parameter])];
        if (parts.Length > 0)
        {
            Tensor[] Parts(Tensor share) => Array.ConvertAll(parts, part => Of(share, part));
            var weights = _weights is null ? Array.ConvertAll(parts, part => Of(_parameters[part.Parameter].Parameter, part)) : Parts(_weights);
            step = step with { WeightDecay = _weightDecay };
            if (KernelRule.Serves(weights[0])) OptimizerStep.AdamW(ParameterGroup.Numbers(step, divisor), weights, Parts(_first), Parts(_second), Parts(_gradients!));
            else FusedAdamW.Step(weights, Parts(_first), Parts(_second), Parts(_gradients!), divisor, step);
        }

        CopyToModel();
        ClearGradients();
    }

    public void ClearGradients()
    {
        foreach (var (_, parameter) in _parameters) parameter.grad = null;
        _gradients?.Dispose();
        _gradients = null;
    }

    /// <summary>Every rank's part of the weights into every rank's model.</summary>
    public void CopyToModel()
    {
        foreach (var bucket in _plan.Buckets)
        {
            using var scope = NewDisposeScope();
            var whole = zeros(_plan.Filled(bucket), dtype: _parameters[0].Parameter.dtype, device: _device);
            var mine = whole.narrow(0, _job.Rank * bucket.Part, bucket.Part);
            foreach (var part in _plan.Parts.Where(part => part.At >= bucket.At && part.At < bucket.At + bucket.Part))
                mine.narrow(0, part.At - bucket.At, part.Count).copy_(_weights is null ? Of(_parameters[part.Parameter].Parameter, part) : Of(_weights, part));
            _job.AssembleFrom(mine, whole);
            foreach (var segment in bucket.Segments)
                Of(_parameters[segment.Parameter].Parameter, segment, segment.First).copy_(whole.narrow(0, segment.At, segment.Count));
        }
    }

    /// <summary>Puts a part of the state together bucket by bucket, for a stream where there is one.</summary>
    public void Write(Tensor share, Stream? stream)
    {
        foreach (var bucket in _plan.Buckets)
        {
            using var scope = NewDisposeScope();
            var whole = empty(_plan.Filled(bucket), dtype: ScalarType.Float32, device: _device);
            _job.AssembleFrom(share.narrow(0, bucket.At, bucket.Part), whole);
            if (stream is not null) TensorBytes.Write(whole.narrow(0, 0, bucket.Count), stream);
        }
    }

    /// <summary>Reads this rank's part of what <see cref="Write"/> wrote.</summary>
    /// <param name="share">of the state</param>
    /// <param name="file">that holds it</param>
    /// <param name="offset">of a parameter's first number in it</param>
    public void Read(Tensor share, MappedFile file, Func<string, long> offset)
    {
        foreach (var part in _plan.Parts)
        {
            using var scope = NewDisposeScope();
            var numbers = empty(part.Count, dtype: ScalarType.Float32);
            TensorBytes.Fill(numbers, file, offset(_parameters[part.Parameter].Name) + sizeof(float) * part.First);
            Of(share, part).copy_(numbers);
        }
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _weights?.Dispose();
        _gradients?.Dispose();
    }

    private Tensor Share() => zeros(_plan.Share, dtype: ScalarType.Float32, device: _device);

    private static Tensor Of(Tensor share, Segment part) => share.narrow(0, part.At, part.Count);

    private static Tensor Of(Parameter parameter, Segment part) => Of(parameter, part, part.First);

    private static Tensor Of(Parameter parameter, Segment part, long first) => parameter.detach().view(-1).narrow(0, first, part.Count);
}
