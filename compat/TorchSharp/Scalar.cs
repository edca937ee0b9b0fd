using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>A number that an operator takes beside tensors: whole, real, or a flag.</summary>
public readonly struct Scalar
{
    private readonly ValueTag _tag;
    private readonly long _integer;
    private readonly double _real;

    private Scalar(ValueTag tag, long integer, double real)
    {
        _tag = tag;
        _integer = integer;
        _real = real;
    }

    public torch.ScalarType Type => _tag switch
    {
        ValueTag.Double => torch.ScalarType.Float64,
        ValueTag.Bool => torch.ScalarType.Bool,
        _ => torch.ScalarType.Int64,
    };

    public static implicit operator Scalar(int value) => new(ValueTag.Int, value, value);
    public static implicit operator Scalar(long value) => new(ValueTag.Int, value, value);
    public static implicit operator Scalar(byte value) => new(ValueTag.Int, value, value);
    public static implicit operator Scalar(short value) => new(ValueTag.Int, value, value);
    public static implicit operator Scalar(float value) => new(ValueTag.Double, 0, value);
    public static implicit operator Scalar(double value) => new(ValueTag.Double, 0, value);
    public static implicit operator Scalar(bool value) => new(ValueTag.Bool, value ? 1 : 0, value ? 1 : 0);

    public double ToDouble() => _tag == ValueTag.Double ? _real : _integer;
    public float ToSingle() => (float)ToDouble();
    public long ToInt64() => _tag == ValueTag.Double ? (long)_real : _integer;
    public int ToInt32() => checked((int)ToInt64());
    public bool ToBoolean() => ToDouble() != 0;
    public override string ToString() => ToDouble().ToString(System.Globalization.CultureInfo.InvariantCulture);

    internal Value AsValue() => _tag switch
    {
        ValueTag.Double => _real,
        ValueTag.Bool => _integer != 0,
        _ => _integer,
    };
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this bool value) => value;
}
