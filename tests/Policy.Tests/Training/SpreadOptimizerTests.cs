using Rlhf.Foundation;
using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Training;
using Parameter = TorchSharp.Modules.Parameter;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Training;

/// <summary>`optimizer.shard`: who holds what of the state changes nothing about the weights, nor about a checkpoint.</summary>
public sealed class SpreadOptimizerTests
{
    private static readonly OptimizerOptions Options = new() { Beta2 = 0.95, Epsilon = 1e-6, WeightDecay = 0.1, MaxGradientNorm = 1 };
    private static readonly OptimizerOptions Spread = Options with { Shard = true };

    [Theory]
    [InlineData(2, ScalarType.Float32)]
    [InlineData(3, ScalarType.Float32)]
    [InlineData(4, ScalarType.BFloat16)]
    public void Step_SpreadOverRanks_HasTheWeightsOfOne(int size, ScalarType type)
    {
        var alone = Weights(type, Collective.Alone, Options, 0, 3);

        foreach (var options in new[] { Options, Spread })
        foreach (var (weights, norms) in ThreadedJob.Run(size, job => Weights(type, job, options, 0, 3)))
        {
            Assert.Equal(alone.Norms, norms, (one, two) => Math.Abs(one - two) < (type == ScalarType.Float32 ? 1e-5 : 1e-2));
            for (var i = 0; i < weights.Length; i++) Expect.Near(alone.Weights[i], tensor(weights[i]), type == ScalarType.Float32 ? 1e-6 : 1e-2);
        }
    }

    [Theory]
    [InlineData(4, 2, true, ScalarType.Float32)]
    [InlineData(4, 1, true, ScalarType.BFloat16)]
    [InlineData(1, 3, true, ScalarType.BFloat16)]
    [InlineData(3, 2, false, ScalarType.Float32)]
    public void Load_SavedByAnotherNumberOfRanks_GoesOnAsOneWould(int before, int after, bool sharded, ScalarType type)
    {
        using var folder = new TemporaryFolder();
        var path = folder.At("optimizer.safetensors");
        var whole = Weights(type, Collective.Alone, Options, 0, 3);

        float[][] Half(Collective job)
        {
            using var scope = NewDisposeScope();
            var parameters = Parameters(type);
            using var optimizer = new ModelOptimizer(parameters, Spread, job);
            Run(optimizer, parameters, 0, 2);
            if (job.Rank == 0) optimizer.Save(path);
            else optimizer.Assist();
            return Numbers(parameters);
        }

        float[][] Rest(Collective job, float[][] start)
        {
            using var scope = NewDisposeScope();
            var parameters = Parameters(type);
            foreach (var (parameter, numbers) in parameters.Zip(start)) parameter.parameter.detach().copy_(tensor(numbers).reshape(parameter.parameter.shape));
            using var optimizer = new ModelOptimizer(parameters, sharded ? Spread : Options, job);
            optimizer.Load(path);
            Assert.Equal(2, optimizer.Steps);
            Run(optimizer, parameters, 2, 3);
            return Numbers(parameters);
        }

        var half = before == 1 ? Half(Collective.Alone) : ThreadedJob.Run(before, Half)[0];
        var ends = after == 1 ? [Rest(Collective.Alone, half)] : ThreadedJob.Run(after, job => Rest(job, half));

        foreach (var end in ends)
            for (var i = 0; i < end.Length; i++) Expect.Near(whole.Weights[i], tensor(end[i]), type == ScalarType.Float32 ? 1e-6 : 1e-2);
    }

    [Fact]
    public void Load_StateOfAnotherModel_NamesWhatDiffers()
    {
        using var folder = new TemporaryFolder();
        var path = folder.At("optimizer.safetensors");
        using (var scope = NewDisposeScope())
        using (var saved = new ModelOptimizer([("matrix", new Parameter(ones(2, 2)))], Options)) saved.Save(path);

        string Message(string name, long[] shape) => ThreadedJob.Run(2, job =>
        {
            using var scope = NewDisposeScope();
            using var optimizer = new ModelOptimizer([(name, new Parameter(ones(shape)))], Spread, job);
            return Assert.Throws<RlhfException>(() => optimizer.Load(path)).Message;
        })[1];

        Assert.Contains("'first.other' is missing", Message("other", [2, 2]), StringComparison.Ordinal);
        Assert.Contains("'first.matrix' is [2, 2]", Message("matrix", [4]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Step_GradientIsNotANumberOnOneRank_IsNamedOnAll(bool shard)
    {
        foreach (var message in ThreadedJob.Run(2, job =>
        {
            using var scope = NewDisposeScope();
            var parameters = Parameters(ScalarType.Float32);
            using var optimizer = new ModelOptimizer(parameters, Options with { Shard = shard }, job);
            foreach (var (_, parameter) in parameters) parameter.grad = ones_like(parameter);
            if (job.Rank == 1) parameters[1].parameter.grad = tensor(new[] { 1, float.NaN });
            return Assert.Throws<NotFiniteException>(() => optimizer.Step(0.1)).Message;
        })) Assert.Contains("gradient of vector", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Step_ParameterThatNoRankReaches_StaysAsItIs(bool shard)
    {
        foreach (var numbers in ThreadedJob.Run(2, job =>
        {
            using var scope = NewDisposeScope();
            var parameters = Parameters(ScalarType.Float32);
            using var optimizer = new ModelOptimizer(parameters, Options with { Shard = shard }, job);
            if (job.Rank == 1) parameters[2].parameter.grad = ones_like(parameters[2].parameter);
            optimizer.Step(0.1);
            return Numbers(parameters);
        }))
        {
            // Weight decay would have moved it.
            Assert.Equal([1, -2, 0.5f, 3], numbers[0]);
            Assert.NotEqual(0.25f, numbers[2][0]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Plan_AnySize_GivesEveryNumberToOneRankAndKeepsTheOrder(int size)
    {
        long[] sizes = [3, 7, 1, 12];
        var plans = Enumerable.Range(0, size).Select(rank => new ShardPlan(sizes, rank, size, 10)).ToArray();

        var owned = plans.SelectMany(plan => plan.Parts).SelectMany(part => Enumerable.Range(0, (int)part.Count).Select(i => (part.Parameter, part.First + i))).Order().ToArray();
        Assert.Equal(sizes.SelectMany((count, parameter) => Enumerable.Range(0, (int)count).Select(i => (parameter, (long)i))), owned);
        Assert.All(plans, plan => Assert.Equal(23, plan.Buckets.Sum(bucket => bucket.Count)));
        Assert.All(plans, plan => Assert.All(plan.Parts, part => Assert.InRange(part.At + part.Count, 1, plan.Share)));
        Assert.All(plans, plan => Assert.All(plan.Buckets, bucket => Assert.InRange(plan.Filled(bucket) - bucket.Count, 0, size - 1)));
    }

    private static (string name, Parameter parameter)[] Parameters(ScalarType type) =>
    [
        ("matrix", new Parameter(tensor(new float[] { 1, -2, 0.5f, 3 }, [2, 2]).to(type))), ("vector", new Parameter(tensor(new[] { 0.1f, -0.2f }).to(type))),
        ("wide", new Parameter(full([3, 5], 0.25).to(type))),
    ];

    /// <summary>The gradient of each step, of which every rank has a share.</summary>
    private static float[] Run(ModelOptimizer optimizer, (string name, Parameter parameter)[] parameters, int from, int to)
    {
        double[] scales = [1, -2, 0.5], rates = [0.1, 0.05, 0.02];
        var norms = new List<float>();
        for (var i = from; i < to; i++)
        {
            foreach (var (index, (_, parameter)) in parameters.Index())
            {
                // The last rank has nothing of the vector.
                if (index == 1 && optimizer.Job.Size > 1 && optimizer.Job.Rank == optimizer.Job.Size - 1) continue;
                var ranks = index == 1 && optimizer.Job.Size > 1 ? optimizer.Job.Size - 1 : optimizer.Job.Size;
                parameter.grad = arange(1, parameter.numel() + 1, ScalarType.Float32).mul(0.1 * scales[i] / ranks).reshape(parameter.shape).to(parameter.dtype);
            }

            norms.Add(optimizer.Step(rates[i]).item<float>());
        }

        return [.. norms];
    }

    private static (double[][] Weights, float[] Norms) Weights(ScalarType type, Collective job, OptimizerOptions options, int from, int to)
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters(type);
        using var optimizer = new ModelOptimizer(parameters, options, job);
        var norms = Run(optimizer, parameters, from, to);
        return ([.. parameters.Select(one => Expect.Numbers(one.parameter))], norms);
    }

    private static float[][] Numbers((string name, Parameter parameter)[] parameters) => [.. parameters.Select(one => one.parameter.detach().to(ScalarType.Float32).data<float>().ToArray())];
}
