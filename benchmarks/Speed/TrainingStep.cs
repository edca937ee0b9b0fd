using System.Diagnostics;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>What is measured: the numbers of benchmarks/peer_train_step.py.</summary>
internal sealed record StepShape
{
    public int Width { get; init; } = 384;
    public int Layers { get; init; } = 6;
    public int Heads { get; init; } = 6;
    public int Vocabulary { get; init; } = 4096;
    public int Batch { get; init; } = 64;
    public int Length { get; init; } = 32;
    public int Steps { get; init; } = 20;
    public string Dtype { get; init; } = "float32";
    public string Device { get; init; } = "cpu";

    public ScalarType Type => Dtype switch
    {
        "float32" => ScalarType.Float32,
        "bfloat16" => ScalarType.BFloat16,
        _ => throw new ArgumentException($"dtype is {Dtype}; float32 or bfloat16 is expected"),
    };

    public long Tokens => (long)Batch * Length;

    /// <summary>Multiplications and additions of one step: six per weight and token, and those of attention.</summary>
    public double Operations => 6.0 * Tokens * (12.0 * Layers * Width * Width + (double)Vocabulary * Width) + 12.0 * Layers * Tokens * Length * Width;
}

/// <summary>Forward, loss, backward and AdamW of a GPT-2 shape on random tokens.</summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly CausalLm _model;
    private readonly ModelOptimizer _optimizer;
    private readonly TokenBatch _inputs;
    private readonly Tensor _targets;
    private readonly Tensor _weights;

    public TrainingStep(StepShape shape)
    {
        using var scope = NewDisposeScope();
        var device = new Device(shape.Device);
        _model = CausalLm.Create(TransformerConfig.Gpt2(shape.Vocabulary, shape.Width, shape.Layers, shape.Heads, shape.Length), seed: 0);
        _model.to(shape.Type).to(device);
        _optimizer = new ModelOptimizer(_model.named_parameters(), new OptimizerOptions { LearningRate = 1e-3, MaxGradientNorm = 0 });
        using var generator = new Generator(0);
        var tokens = randint(0, shape.Vocabulary, [shape.Batch, shape.Length + 1], ScalarType.Int64, generator: generator).to(device);
        _inputs = new TokenBatch(tokens.narrow(1, 0, shape.Length).contiguous().DetachFromDisposeScope(), ones([shape.Batch, shape.Length], ScalarType.Bool, device).DetachFromDisposeScope());
        _targets = tokens.narrow(1, 1, shape.Length).reshape(-1).DetachFromDisposeScope();
        _weights = full([shape.Tokens], 1.0 / shape.Tokens, ScalarType.Float32, device).DetachFromDisposeScope();
    }

    /// <summary>Seconds of each step after three to warm up, and the last loss.</summary>
    public (double[] Seconds, float Loss) Run(int steps)
    {
        var seconds = new double[steps + 3];
        var loss = 0f;
        for (var i = 0; i < seconds.Length; i++)
        {
            var clock = Stopwatch.StartNew();
            using var scope = NewDisposeScope();
            var hidden = _model.Trunk.Hidden(_inputs);
            var nll = TokenLoss.WeightedNll(hidden.view(-1, _model.Config.Width), _model.HeadWeight, _targets, _weights);
            Autograd.Backward(nll);
            _optimizer.Step(1e-3);
            loss = nll.item<float>(); // waits for a GPU
            seconds[i] = clock.Elapsed.TotalSeconds;
        }

        return (seconds[3..], loss);
    }

    public void Dispose()
    {
        _model.Dispose();
        _optimizer.Dispose();
        _inputs.Dispose();
        _targets.Dispose();
        _weights.Dispose();
    }
}
