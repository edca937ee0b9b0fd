namespace TorchSharp;

public static partial class torch
{
    /// <summary>One place between the brackets of a tensor: a number, a slice, an ellipsis, a new axis, a flag, or a tensor.</summary>
    public readonly struct TensorIndex
    {
        internal enum Kind { Null, None, Ellipsis, Single, Slice, Bool, Tensor }

        internal readonly Kind kind;
        internal readonly long? start, stop, step;
        internal readonly Tensor? tensor;

        private TensorIndex(Kind kind, long? start = null, long? stop = null, long? step = null, Tensor? tensor = null) =>
            (this.kind, this.start, this.stop, this.step, this.tensor) = (kind, start, stop, step, tensor);

        public static TensorIndex Null => new(Kind.Null);
        public static TensorIndex None => new(Kind.None);
        public static TensorIndex Ellipsis => new(Kind.Ellipsis);
        public static TensorIndex Colon => new(Kind.Slice);
        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new(Kind.Slice, start, stop, step);

        public static TensorIndex Slice(Range range) => new(Kind.Slice,
            range.Start.IsFromEnd ? -(long)range.Start.Value : range.Start.Value,
            range.End is { IsFromEnd: true, Value: 0 } ? null : range.End.IsFromEnd ? -(long)range.End.Value : range.End.Value);

        public static TensorIndex Single(long index) => new(Kind.Single, index);
        public static TensorIndex Bool(bool value) => new(Kind.Bool, value ? 1 : 0);
        public static TensorIndex Tensor(Tensor tensor) => new(Kind.Tensor, tensor: tensor);

        public static implicit operator TensorIndex(long index) => Single(index);
        public static implicit operator TensorIndex(Range range) => Slice(range);
        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -(long)index.Value : index.Value);
        public static implicit operator TensorIndex(Tensor tensor) => Tensor(tensor);
        public static implicit operator TensorIndex(bool value) => Bool(value);
        public static implicit operator TensorIndex((long? start, long? stop) slice) => Slice(slice.start, slice.stop);
    }
}
