using static TorchSharp.Interop.Operators;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor view(params long[] shape) => Call("view", this, shape);
        public Tensor view_as(Tensor other) => view(other.shape);
        public Tensor reshape(params long[] shape) => Call("reshape", this, shape);
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Call("flatten.using_ints", this, start_dim, end_dim);
        public Tensor unflatten(long dim, params long[] sizes)
        {
            var index = dim < 0 ? dim + ndim : dim;
            var old = shape;
            return view([.. old[..(int)index], .. sizes, .. old[((int)index + 1)..]]);
        }

        public Tensor squeeze() => Call("squeeze", this);
        public Tensor squeeze(long dim) => Call("squeeze.dim", this, dim);
        public Tensor unsqueeze(long dim) => Call("unsqueeze", this, dim);
        public Tensor transpose(long dim0, long dim1) => Call("transpose.int", this, dim0, dim1);
        public Tensor t() => Call("t", this);
        public Tensor T => Call("t", this);
        public Tensor mT => Call("transpose.int", this, -2, -1);
        public Tensor permute(params long[] permutation) => Call("permute", this, permutation);
        public Tensor expand(params long[] sizes) => Call("expand", this, sizes);
        public Tensor expand_as(Tensor other) => Call("expand", this, other.shape);
        public Tensor repeat(params long[] sizes) => Call("repeat", this, sizes);
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) => Call("repeat_interleave.self_int", this, repeats, dim, output_size);
        public Tensor contiguous() => Call("contiguous", this);
        public Tensor clone() => Call("clone", this);
        public Tensor as_strided(long[] size, long[] strides, long storageOffset) => Call("as_strided", this, size, strides, storageOffset);
        public Tensor flip(params long[] dims) => Call("flip", this, dims);
        public Tensor roll(long shifts, long dims) => Call("roll", this, new[] { shifts }, new[] { dims });
        public Tensor tril(long diagonal = 0) => Call("tril", this, diagonal);
        public Tensor triu(long diagonal = 0) => Call("triu", this, diagonal);
        public Tensor diagonal(long offset = 0, long dim1 = 0, long dim2 = 1) => Call("diagonal", this, offset, dim1, dim2);

        public Tensor[] split(long split_size, long dim = 0) => CallList("split.Tensor", this, split_size, dim);
        public Tensor[] split(long[] split_size, long dim = 0) => CallList("split_with_sizes", this, split_size, dim);
        public Tensor[] chunk(long chunks, long dim = 0) => CallList("chunk", this, chunks, dim);
        public Tensor[] unbind(long dim = 0) => CallList("unbind.int", this, dim);
        public Tensor narrow(long dim, long start, long length) => Call("narrow", this, dim, start, length);
        public Tensor select(long dim, long index) => Call("select.int", this, dim, index);
        public Tensor slice(long dim, long start, long finish, long step) => Call("slice.Tensor", this, dim, (long?)start, (long?)finish, step);
    }
}
