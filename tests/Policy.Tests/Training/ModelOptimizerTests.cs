using Rlhf.Foundation;
using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Training;
using Parameter = TorchSharp.Modules.Parameter;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Training;

public sealed class ModelOptimizerTests
{
    private static readonly OptimizerOptions Options = new() { Beta2 = 0.95, Epsilon = 1e-6, WeightDecay = 0.1, MaxGradientNorm = 1 };

    [Fact]
    public void Step_ClippedAndDecayed_IsWhatPyTorchComputes()
    {
        using var scope = NewDisposeScope();
        var (matrix, vector) = Parameters(ScalarType.Float32);
        using var optimizer = new ModelOptimizer([("matrix", matrix), ("vector", vector)], Options);
        var norms = Run(optimizer, matrix, vector, 0, 3);
        Assert.Equal([2.47032, 4.94065, 1.23516], norms.Select(norm => Math.Round(norm, 5)));
        Expect.Near([0.87969017, -1.86277199, 0.38814953, 2.84585428], matrix, 2e-6);
        Expect.Near([-0.00408401, -0.09591599], vector, 2e-6);
    }

    [Theory]
    [InlineData(float.NaN, "holds NaN")]
    [InlineData(float.PositiveInfinity, "infinite")]
    public void Read_NormThatIsNotFinite_SaysSo(float norm, string what)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(2, ModelOptimizer.Read(tensor(2f)));
        Assert.Contains(what, Assert.Throws<NotFiniteException>(() => ModelOptimizer.Read(tensor(norm))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_NarrowWeights_FollowFloat32Ones()
    {
        using var scope = NewDisposeScope();
        var (wide, wideVector) = Parameters(ScalarType.Float32);
        var (narrow, narrowVector) = Parameters(ScalarType.BFloat16);
        wide.detach().copy_(narrow);
        wideVector.detach().copy_(narrowVector);
        using var first = new ModelOptimizer([("matrix", wide), ("vector", wideVector)], Options);
        using var second = new ModelOptimizer([("matrix", narrow), ("vector", narrowVector)], Options);
        // Steps of 1e-4 are far below bfloat16's resolution; only float32 weights can add them up.
        for (var i = 0; i < 400; i++)
        {
            foreach (var parameter in new[] { wide, wideVector, narrow, narrowVector }) parameter.grad = ones(parameter.shape, parameter.dtype);
            first.Step(1e-4).Dispose();
            second.Step(1e-4).Dispose();
        }

        Assert.Equal(ScalarType.BFloat16, narrow.dtype);
        Expect.Same(wide.to(ScalarType.BFloat16), narrow);
        Assert.True(Expect.Numbers(narrow)[0] < 0.97);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Load_InTheMiddle_GoesOnBitwise(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var (matrix, vector) = Parameters(type);
        using (var whole = new ModelOptimizer([("matrix", matrix), ("vector", vector)], Options)) Run(whole, matrix, vector, 0, 3);

        var (half, halfVector) = Parameters(type);
        using (var before = new ModelOptimizer([("matrix", half), ("vector", halfVector)], Options))
        {
            Run(before, half, halfVector, 0, 2);
            before.Save(folder.At("optimizer.safetensors"));
        }

        using var after = new ModelOptimizer([("matrix", half), ("vector", halfVector)], Options);
        after.Load(folder.At("optimizer.safetensors"));
        Assert.Equal(2, after.Steps);
        Run(after, half, halfVector, 2, 3);
        Expect.Same(matrix, half);
        Expect.Same(vector, halfVector);
    }

    [Fact]
    public void Load_StateOfAnotherModel_NamesWhatDiffers()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.At("optimizer.safetensors");
        var (matrix, vector) = Parameters(ScalarType.Float32);
        using (var saved = new ModelOptimizer([("matrix", matrix)], Options)) saved.Save(path);

        using var named = new ModelOptimizer([("other", matrix)], Options);
        Assert.Contains("'first.other' is missing", Assert.Throws<RlhfException>(() => named.Load(path)).Message, StringComparison.Ordinal);
        using var shaped = new ModelOptimizer([("matrix", vector)], Options);
        Assert.Contains("'first.matrix' is [2, 2], expected [2]", Assert.Throws<RlhfException>(() => shaped.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_GradientIsNotANumber_NamesTheParameterAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        var (matrix, vector) = Parameters(ScalarType.Float32);
        using var optimizer = new ModelOptimizer([("matrix", matrix), ("vector", vector)], Options);
        matrix.grad = ones(2, 2);
        vector.grad = tensor(new[] { 1, float.NaN });
        Assert.Contains("gradient of vector", Assert.Throws<NotFiniteException>(() => optimizer.Step(0.1)).Message, StringComparison.Ordinal);
        Expect.Near([1, -2, 0.5, 3], matrix, 0);
    }

    [Fact]
    public void Run_BatchInParts_HasTheGradientOfTheWhole()
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(tensor(new[] { 0.5f, -1, 2 }));
        var rows = tensor(new float[] { 1, 2, 3, -1, 0, 1, 2, 2, 2, 0, 1, -1, 4, 0, 1 }, [5, 3]);
        var losses = new List<float>();
        var gradients = new List<Tensor>();
        foreach (var parts in new int[][][] { [[0, 1, 2, 3, 4]], [[3], [0, 1, 4], [2]], [[4, 2], [1, 0, 3]] })
        {
            using var loss = GradientAccumulation.Run(parts, part => rows.index_select(0, tensor(part)).matmul(weight).square().sum(), rows.shape[0], Collective.Alone);
            losses.Add(loss.item<float>());
            gradients.Add(weight.grad!.clone());
            weight.grad = null;
        }

        // Mean of 4.5², 1.5², 3², 3² and 4²; its gradient is 2/5·Σ (row·w)·row.
        Assert.All(losses, loss => Assert.Equal(11.3, loss, 4));
        Assert.All(gradients, gradient => Expect.Near([10, 4.8, 11.2], gradient, 1e-5));
    }

    private static (Parameter Matrix, Parameter Vector) Parameters(ScalarType type) =>
        (new Parameter(tensor(new float[] { 1, -2, 0.5f, 3 }, [2, 2]).to(type)), new Parameter(tensor(new[] { 0.1f, -0.2f }).to(type)));

    private static float[] Run(ModelOptimizer optimizer, Parameter matrix, Parameter vector, int from, int to)
    {
        double[] scales = [1, -2, 0.5], rates = [0.1, 0.05, 0.02];
        var norms = new List<float>();
        for (var i = from; i < to; i++)
        {
            matrix.grad = tensor(new[] { 0.3f, -0.1f, 2, 0.05f }, [2, 2]).mul(scales[i]).to(matrix.dtype);
            vector.grad = tensor(new float[] { 1, -1 }).mul(scales[i]).to(vector.dtype);
            norms.Add(optimizer.Step(rates[i]).item<float>());
        }

        return [.. norms];
    }
}
