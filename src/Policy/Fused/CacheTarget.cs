using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>Rows of a cache of keys and values, [rows, 2·Hkv, columns in whole squares, columns of a padded head] for each layer.</summary>
/// <param name="layers">of a whole cache</param>
/// <param name="first">the row that the first sequence has</param>
internal sealed unsafe class CacheTarget(Tensor[] layers, long first)
{
    private readonly long _rowSize = layers[0].shape[1] * layers[0].shape[2] * layers[0].shape[3];
    private readonly nint[] _data = Array.ConvertAll(layers, layer => (nint)layer.Floats());

    public int Capacity { get; } = (int)layers[0].shape[2];

    /// <summary>Of a sequence.</summary>
    public float* Row(int layer, int sequence) => (float*)_data[layer] + (first + sequence) * _rowSize;
}
