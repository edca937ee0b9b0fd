using System.Buffers.Binary;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Rlhf.Policies.Gguf;

/// <summary>A tensor of a file: its name there, how it is stored, and where its numbers come from.</summary>
/// <param name="Values">float32 or narrower, contiguous or not; made when it is written</param>
internal sealed record GgufTensor(string Name, long[] Shape, GgufType Type, Func<Tensor> Values)
{
    public long Bytes => Type.Bytes(Shape.Aggregate(1L, (product, size) => product * size));

    public void Write(Stream to)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var values = Values();
        if (Type is GgufType.F16 or GgufType.Bf16)
        {
            to.Write(values.to(Type == GgufType.F16 ? ScalarType.Float16 : ScalarType.BFloat16).contiguous().bytes);
            return;
        }

        var whole = values.to(ScalarType.Float32).contiguous();
        if (Type == GgufType.F32) to.Write(whole.bytes);
        else Quantize(MemoryMarshal.Cast<byte, float>(whole.bytes), to);
    }

    // ggml's own rounding: d = max|x|/127, q = round(x/d), half away from zero.
    private static void Quantize(ReadOnlySpan<float> numbers, Stream to)
    {
        Span<byte> block = stackalloc byte[2 + GgufTypes.Block];
        for (var at = 0; at < numbers.Length; at += GgufTypes.Block)
        {
            var part = numbers.Slice(at, GgufTypes.Block);
            var largest = 0f;
            foreach (var number in part) largest = Math.Max(largest, Math.Abs(number));
            var scale = largest / 127;
            var inverse = scale == 0 ? 0 : 1 / scale;
            BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
            for (var i = 0; i < part.Length; i++) block[2 + i] = (byte)(sbyte)MathF.Round(part[i] * inverse, MidpointRounding.AwayFromZero);
            to.Write(block);
        }
    }
}
