using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>Some rows of a weight's gradient, with those of its bias.</summary>
internal sealed unsafe class WeightTask
{
    /// <summary>Chunks of outputs of a task: enough that the inputs are not read too often, and few enough that threads can share.</summary>
    private const int Chunks = 8, NarrowChunks = 16;

    private PackedProjection _packed = null!;
    private Panels _outputs;
    private Panels _inputs;
    private int _rows;
    private GradientTarget _ofWeight;
    private GradientTarget _ofBias;
    private Extent _chunks;

    private WeightTask() { }

    /// <summary>Additions and multiplications, about.</summary>
    public long Cost => (long)_rows * _packed.Inputs.Count * _chunks.Count;

    /// <param name="packed">of the projection</param>
    /// <param name="weights">of the projection</param>
    /// <param name="outputs">gradients of its outputs [rows, outputs]</param>
    /// <param name="inputs">[rows, inputs]</param>
    /// <param name="rows">how many</param>
    /// <param name="learns">where the gradients go</param>
    public static IEnumerable<WeightTask> Of(PackedProjection packed, ProjectionWeights weights, Panels outputs, Panels inputs, int rows, TrunkGradients learns)
    {
        GradientTarget ofWeight = learns.Of(weights.Weight), ofBias = learns.Of(weights.Bias);
        if (ofWeight.Data == 0 && ofBias.Data == 0) yield break;
        var most = packed.IsNarrow ? NarrowChunks : Chunks;
        for (var first = 0; first < packed.Outputs.Count; first += most)
        {
            var chunks = Extent.Of(packed.Outputs.Count).From(first, most);
            yield return new WeightTask { _packed = packed, _outputs = outputs, _inputs = inputs, _rows = rows, _ofWeight = ofWeight, _ofBias = ofBias, _chunks = chunks };
        }
    }

    public void Do()
    {
        // Numbers that are cleared here are near when the sums are added to them.
        for (var chunk = _chunks.First; chunk < _chunks.End; chunk++)
        {
            var (first, count) = _packed.Outputs[chunk];
            if (_ofWeight.IsFresh) new Span<float>(_ofWeight.Floats + (long)first * _packed.Inputs.Length, count * _packed.Inputs.Length).Clear();
            if (_ofBias.IsFresh) new Span<float>(_ofBias.Floats + first, count).Clear();
        }

        if (_ofWeight.Data != 0) WeightGradient.Run(_outputs, _inputs, _rows, _packed.Outputs, _packed.Inputs, _packed.IsNarrow, _ofWeight.Floats, _chunks);
        if (_ofBias.Data != 0) BiasGradient.Run(_outputs, _rows, _packed.Outputs, _ofBias.Floats, _chunks);
    }
}
