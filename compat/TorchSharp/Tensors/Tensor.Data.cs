using System.Collections;
using TorchSharp.Interop;

namespace TorchSharp
{
    public static partial class torch
    {
        public unsafe partial class Tensor
        {
            /// <summary>The elements as raw bytes; the tensor has to be contiguous and on the CPU.</summary>
            public Span<byte> bytes
            {
                get => new(Data(), checked((int)(numel() * ElementSize)));
                set
                {
                    var own = bytes;
                    if (value.Length != own.Length) throw new ArgumentException($"{Summary} holds {own.Length} bytes, got {value.Length}");
                    value.CopyTo(own);
                }
            }

            /// <summary>Element access from managed code; reads any strides, on the CPU.</summary>
            public Utils.TensorAccessor<T> data<T>() where T : unmanaged
            {
                var wanted = ScalarTypes.Of<T>();
                if (wanted != dtype && !(typeof(T) == typeof(ushort) && dtype == ScalarType.Float16)) throw new ArgumentException($"data<{typeof(T).Name}>() of {Summary}");
                if (device_type != DeviceType.CPU) throw new InvalidOperationException($"data<{typeof(T).Name}>() of {Summary}: move it to the CPU first");
                return new Utils.TensorAccessor<T>(this);
            }

            /// <summary>The single element of a tensor, converted if need be.</summary>
            public T item<T>() where T : unmanaged
            {
                if (numel() != 1) throw new ArgumentException($"item<{typeof(T).Name}>() wants one element, {Summary} has {numel()}");
                if (dtype is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64)
                    return Number<T>(Operators.CallNumber("item", this));
                var whole = Operators.CallInteger("item", this);
                return typeof(T) == typeof(long) ? (T)(object)whole : typeof(T) == typeof(bool) ? (T)(object)(whole != 0) : Number<T>(whole);
            }

            private static T Number<T>(double value) where T : unmanaged => (T)(
                typeof(T) == typeof(float) ? (float)value
                : typeof(T) == typeof(double) ? value
                : typeof(T) == typeof(long) ? checked((long)value)
                : typeof(T) == typeof(int) ? checked((int)value)
                : typeof(T) == typeof(bool) ? (object)(value != 0)
                : typeof(T) == typeof(byte) ? checked((byte)value)
                : typeof(T) == typeof(Half) ? (object)(Half)value
                : throw new ArgumentException($"item<{typeof(T).Name}>() is not offered"));

            public Scalar ToScalar() => is_floating_point() ? item<double>() : item<long>();
            public float ToSingle() => item<float>();
            public double ToDouble() => item<double>();
            public int ToInt32() => item<int>();
            public long ToInt64() => item<long>();
            public bool ToBoolean() => item<bool>();

            internal void* Data()
            {
                if (device_type != DeviceType.CPU) throw new InvalidOperationException($"the bytes of {Summary}: move it to the CPU first");
                if (!is_contiguous()) throw new InvalidOperationException($"the bytes of {Summary}: make it contiguous first");
                return RawData();
            }

            internal void* RawData()
            {
                void* data;
                Bridge.Check(Bridge.bridge_data(handle, &data), "data");
                return data;
            }
        }
    }
}

namespace TorchSharp.Utils
{
    /// <summary>The elements of a CPU tensor, in row-major order whatever its strides.</summary>
    public sealed unsafe class TensorAccessor<T> : IEnumerable<T> where T : unmanaged
    {
        private readonly torch.Tensor _tensor;
        private readonly T* _data;
        private readonly long[] _shape, _strides;
        private readonly bool _contiguous;

        internal TensorAccessor(torch.Tensor tensor)
        {
            _tensor = tensor;
            _data = (T*)tensor.RawData();
            _shape = tensor.shape;
            _strides = tensor.stride();
            _contiguous = tensor.is_contiguous();
            Count = tensor.numel();
        }

        public long Count { get; }

        public T this[params long[] indices]
        {
            get => _data[Offset(indices)];
            set => _data[Offset(indices)] = value;
        }

        public T[] ToArray()
        {
            var array = new T[Count];
            CopyTo(array);
            return array;
        }

        public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(arrayIndex), tensorIndex);

        public void CopyTo(Span<T> span, long tensorIndex = 0)
        {
            var count = (int)Math.Min(Count - tensorIndex, int.MaxValue);
            if (span.Length < count) throw new ArgumentException($"{count} elements do not fit into {span.Length}");
            if (_contiguous) new ReadOnlySpan<T>(_data + tensorIndex, count).CopyTo(span);
            else for (var i = 0; i < count; i++) span[i] = _data[Linear(tensorIndex + i)];
            GC.KeepAlive(_tensor);
        }

        public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom(array.AsSpan(arrayIndex), tensorIndex);

        public void CopyFrom(ReadOnlySpan<T> span, long tensorIndex = 0)
        {
            var count = (int)Math.Min(Count - tensorIndex, span.Length);
            if (_contiguous) span[..count].CopyTo(new Span<T>(_data + tensorIndex, count));
            else for (var i = 0; i < count; i++) _data[Linear(tensorIndex + i)] = span[i];
            GC.KeepAlive(_tensor);
        }

        public IEnumerator<T> GetEnumerator()
        {
            for (long i = 0; i < Count; i++) yield return At(i);
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private T At(long index) => _data[_contiguous ? index : Linear(index)];

        private long Offset(long[] indices)
        {
            if (indices.Length == 1 && _shape.Length != 1)
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)indices[0], (ulong)Count, nameof(indices));
                return _contiguous ? indices[0] : Linear(indices[0]);
            }

            if (indices.Length != _shape.Length) throw new ArgumentException($"{indices.Length} indices for {_shape.Length} dimensions");
            long offset = 0;
            for (var d = 0; d < indices.Length; d++)
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)indices[d], (ulong)_shape[d], nameof(indices));
                offset += indices[d] * _strides[d];
            }

            return offset;
        }

        private long Linear(long index)
        {
            long offset = 0;
            for (var d = _shape.Length - 1; d >= 0; d--)
            {
                offset += index % _shape[d] * _strides[d];
                index /= _shape[d];
            }

            return offset;
        }
    }
}
