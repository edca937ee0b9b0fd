using static TorchSharp.torch;

namespace Rlhf.Foundation.Jobs;

/// <summary>What moves the numbers of an exchange: a library of collectives. Counts are of numbers of the type, pointers of its device's memory.</summary>
internal interface IEngine : IDisposable
{
    /// <summary>Whether it adds numbers of this type; others are added as float32.</summary>
    bool Adds(ScalarType type);

    void Sum(nint data, long count, ScalarType type);

    void Broadcast(nint data, long bytes, int root);

    /// <param name="part">may be its place in the whole</param>
    /// <param name="whole">receives the parts of all ranks</param>
    /// <param name="bytes">of a part</param>
    void Assemble(nint part, nint whole, long bytes);

    /// <param name="whole">what is added</param>
    /// <param name="part">receives this rank's part of the sum</param>
    /// <param name="count">of a part</param>
    /// <param name="type">of the numbers</param>
    void ScatterSum(nint whole, nint part, long count, ScalarType type);

    void Barrier();
}
