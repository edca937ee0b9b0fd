using static TorchSharp.Interop.Operators;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params Tensor[] indices]
        {
            get => Call("index.Tensor", this, Interop.Value.OptionalTensors(indices));
            set => Run("index_put_", this, Interop.Value.OptionalTensors(indices), value);
        }

        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => index_put_(value, i1);
        }

        public Tensor this[long i1, long i2]
        {
            get => index(i1, i2);
            set => index_put_(value, i1, i2);
        }

        public Tensor this[long i1, long i2, long i3]
        {
            get => index(i1, i2, i3);
            set => index_put_(value, i1, i2, i3);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            using var scope = NewDisposeScope();
            var (view, tensors) = Locate(indices);
            var result = tensors.Length == 0 ? view : Call("index.Tensor", view, Interop.Value.OptionalTensors(tensors));
            // A[...] of everything is a new tensor object over the same memory, never this very object.
            return (ReferenceEquals(result, this) ? alias() : result).MoveToOuterDisposeScope();
        }

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            using var scope = NewDisposeScope();
            var (view, tensors) = Locate(indices);
            if (tensors.Length > 0)
            {
                Run("index_put_", view, Interop.Value.OptionalTensors(tensors), value, accumulate);
                return this;
            }

            var aligned = value;
            while (aligned.ndim > view.ndim && aligned.size(0) == 1) aligned = aligned.squeeze(0);
            if (accumulate) Run("add_.Tensor", view, aligned);
            else Run("copy_", view, aligned);
            return this;
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var scope = NewDisposeScope();
            return index_put_(full([], value, dtype, device), indices, false);
        }

        /// <summary>Applies numbers, slices and new axes as views; what is left are the tensors to index that view with.</summary>
        private (Tensor view, Tensor?[] tensors) Locate(TensorIndex[] indices)
        {
            long consumed = 0;
            foreach (var index in indices)
            {
                consumed += index.kind switch
                {
                    TensorIndex.Kind.Single or TensorIndex.Kind.Slice => 1,
                    TensorIndex.Kind.Tensor => index.tensor!.dtype is ScalarType.Bool or ScalarType.Byte ? Math.Max(1, index.tensor.ndim) : 1,
                    _ => 0,
                };
            }

            if (consumed > ndim) throw new ArgumentOutOfRangeException(nameof(indices), $"index: {consumed} indices for {Summary}");
            var view = this;
            var tensors = new List<Tensor?>();
            long dim = 0;
            foreach (var index in indices)
            {
                switch (index.kind)
                {
                    case TensorIndex.Kind.Single:
                        view = view.select(dim, index.start!.Value);
                        continue;
                    case TensorIndex.Kind.Null or TensorIndex.Kind.None:
                        view = view.unsqueeze(dim++);
                        tensors.Add(null);
                        continue;
                    case TensorIndex.Kind.Bool:
                        view = view.unsqueeze(dim++);
                        tensors.Add(tensor([index.start == 1], device: device));
                        continue;
                    case TensorIndex.Kind.Ellipsis:
                        for (var skipped = ndim - consumed; skipped > 0; skipped--, dim++) tensors.Add(null);
                        continue;
                    case TensorIndex.Kind.Tensor:
                        tensors.Add(index.tensor);
                        dim += index.tensor!.dtype is ScalarType.Bool or ScalarType.Byte ? Math.Max(1, index.tensor.ndim) : 1;
                        continue;
                    default:
                        if (index.start is not null || index.stop is not null || index.step is not null)
                            view = Call("slice.Tensor", view, dim, index.start, index.stop, index.step ?? 1);
                        dim++;
                        tensors.Add(null);
                        continue;
                }
            }

            return (view, tensors.Exists(t => t is not null) ? [.. tensors] : []);
        }

        public Tensor gather(long dim, Tensor index) => Call("gather", this, dim, index);
        public Tensor index_select(long dim, Tensor index) => Call("index_select", this, dim, index);
        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => Call("index_add", this, dim, index, source, alpha);
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => InPlace("index_add_", this, dim, index, source, alpha);
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => InPlace("index_copy_", this, dim, index, source);
        public Tensor index_fill_(long dim, Tensor index, Scalar value) => InPlace("index_fill_.int_Scalar", this, dim, index, value);
        public Tensor scatter(long dim, Tensor index, Tensor src) => Call("scatter.src", this, dim, index, src);
        public Tensor scatter_(long dim, Tensor index, Tensor src) => InPlace("scatter_.src", this, dim, index, src);
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Call("scatter_add", this, dim, index, src);
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => InPlace("scatter_add_", this, dim, index, src);
        public Tensor masked_fill(Tensor mask, Scalar value) => Call("masked_fill.Scalar", this, mask, value);
        public Tensor masked_fill_(Tensor mask, Scalar value) => InPlace("masked_fill_.Scalar", this, mask, value);
        public Tensor masked_select(Tensor mask) => Call("masked_select", this, mask);
        public Tensor masked_scatter_(Tensor mask, Tensor value) => InPlace("masked_scatter_", this, mask, value);
        public Tensor take(Tensor index) => Call("take", this, index);
    }
}
