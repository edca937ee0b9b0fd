using static TorchSharp.Interop.Operators;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        // `sum(0)` would bind to the overload that takes a type (0 is ScalarType.Byte) and silently sum everything,
        // in the real package too: here that overload is an error, and `sum(0L)` sums over the first dimension.
        private const string ZeroIsAType = "a literal 0 means the element type Byte here; write 0L for the first dimension, and to(type).sum() for a type";

        public Tensor sum() => Call("sum", this);
        [Obsolete(ZeroIsAType, error: true)] public Tensor sum(ScalarType? type) => throw new NotSupportedException(ZeroIsAType);
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => Call("sum.dim_IntList", this, new[] { dim }, keepdim, type);
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => Call("sum.dim_IntList", this, dim.ToArray(), keepdim, type);
        public Tensor mean() => Call("mean", this);
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => Call("mean.dim", this, dimensions, keepdim, type);
        public Tensor prod() => Call("prod", this);
        [Obsolete(ZeroIsAType, error: true)] public Tensor prod(ScalarType? type) => throw new NotSupportedException(ZeroIsAType);
        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) => Call("prod.dim_int", this, dim, keepdim, type);
        public Tensor var(bool unbiased = true) => Call("var", this, unbiased);
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false) => Call("var.dim", this, new[] { dim }, unbiased, keepdim);
        public Tensor std(bool unbiased = true) => Call("std", this, unbiased);
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false) => Call("std.dim", this, new[] { dim }, unbiased, keepdim);
        public Tensor norm(float p = 2) => Call("norm.Scalar", this, p);
        public Tensor norm(long dim, bool keepdim = false, float p = 2) => Call("norm.ScalarOpt_dim", this, (Scalar?)p, new[] { dim }, keepdim);

        public Tensor max() => Call("max", this);
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Call2("max.dim", this, dim, keepdim);
        public Tensor max(Tensor other) => Call("maximum", this, other);
        public Tensor min() => Call("min", this);
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Call2("min.dim", this, dim, keepdim);
        public Tensor min(Tensor other) => Call("minimum", this, other);
        public Tensor amax(long[] dims, bool keepdim = false) => Call("amax", this, dims, keepdim);
        public Tensor amin(long[] dims, bool keepdim = false) => Call("amin", this, dims, keepdim);
        public Tensor argmax() => Call("argmax", this);
        public Tensor argmax(long dim, bool keepdim = false) => Call("argmax", this, (long?)dim, keepdim);
        public Tensor argmin() => Call("argmin", this);
        public Tensor argmin(long dim, bool keepdim = false) => Call("argmin", this, (long?)dim, keepdim);
        public Tensor all() => Call("all", this);
        public Tensor all(long dim, bool keepdim = false) => Call("all.dim", this, dim, keepdim);
        public Tensor any() => Call("any", this);
        public Tensor any(long dim, bool keepdim = false) => Call("any.dim", this, dim, keepdim);
        public Tensor count_nonzero(long[]? dims = null) => dims is null ? Call("count_nonzero", this) : Call("count_nonzero.dim_IntList", this, dims);

        public Tensor cumsum(long dim, ScalarType? type = null) => Call("cumsum", this, dim, type);
        public Tensor cumprod(long dim, ScalarType? type = null) => Call("cumprod", this, dim, type);
        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) => Call2("topk", this, k, dim, largest, sorted);
        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) => Call2("sort.stable", this, stable, dim, descending);
        public Tensor argsort(long dim = -1, bool descending = false) => Call("argsort", this, dim, descending);
        public Tensor nonzero() => Call("nonzero", this);
        public Tensor bincount(Tensor? weights = null, long minlength = 0) => Call("bincount", this, weights, minlength);
        public Tensor histc(long bins = 100, long min = 0, long max = 0) => Call("histc", this, bins, (double)min, (double)max);

        /// <summary>The elements, their counts and where each went.</summary>
        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique(bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null)
        {
            var (output, inverse, counts) = dim is { } d
                ? Call3("unique_dim", this, d, sorted, return_inverse, return_counts)
                : Call3("_unique2", this, sorted, return_inverse, return_counts);
            return (output, return_inverse ? inverse : null, return_counts ? counts : null);
        }
    }
}
