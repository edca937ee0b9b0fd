using System.Collections;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) => new(inputSize, outputSize, hasBias, device, dtype);
            public static Embedding Embedding(long num_embeddings, long embedding_dims, long? padding_idx = null, double? max_norm = null, double norm_type = 2.0,
                bool scale_grad_by_freq = false, bool sparse = false, Device? device = null, ScalarType? dtype = null) =>
                max_norm is null && norm_type == 2.0 && !scale_grad_by_freq && !sparse
                    ? new Embedding(num_embeddings, embedding_dims, padding_idx, device, dtype)
                    : throw new NotSupportedException("Embedding: max_norm, norm_type, scale_grad_by_freq and sparse are not offered");
            public static LayerNorm LayerNorm(long[] normalized_shape, double eps = 1e-05, bool elementwise_affine = true, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(normalized_shape, eps, elementwise_affine, bias, device, dtype);
            public static LayerNorm LayerNorm(long normalized_shape, double eps = 1e-05, bool elementwise_affine = true, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new([normalized_shape], eps, elementwise_affine, bias, device, dtype);
            public static Dropout Dropout(double p = 0.5, bool inplace = false) => new(p, inplace);
            public static GELU GELU() => new();
            public static ReLU ReLU(bool inplace = false) => new(inplace);
            public static Tanh Tanh(bool inplace = false) => new(inplace);
            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) => new(modules.Select((m, i) => (i.ToString((IFormatProvider?)null), m)).ToArray());
            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) => new(modules);
            public static ModuleList<T> ModuleList<T>(params T[] modules) where T : Module => new(modules);
            public static Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}

namespace TorchSharp.Modules
{
    public sealed class Linear : nn.Module<Tensor, Tensor>
    {
        public Parameter weight { get; }
        public Parameter? bias { get; }
        public long in_features { get; }
        public long out_features { get; }

        internal Linear(long inputSize, long outputSize, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Linear))
        {
            (in_features, out_features) = (inputSize, outputSize);
            weight = new Parameter(empty(outputSize, inputSize, dtype, device));
            nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
            register_parameter("weight", weight);
            if (!hasBias) return;
            var bound = inputSize > 0 ? 1 / Math.Sqrt(inputSize) : 0;
            bias = new Parameter(empty([outputSize], dtype, device));
            nn.init.uniform_(bias, -bound, bound);
            register_parameter("bias", bias);
        }

        public override Tensor forward(Tensor input) => nn.functional.linear(input, weight, bias);
    }

    public sealed class Embedding : nn.Module<Tensor, Tensor>
    {
        private readonly long _padding;

        public Parameter weight { get; }

        internal Embedding(long count, long dims, long? padding, Device? device, ScalarType? dtype) : base(nameof(Embedding))
        {
            _padding = padding ?? -1;
            weight = new Parameter(randn(count, dims, dtype, device));
            register_parameter("weight", weight);
        }

        public override Tensor forward(Tensor input) => Interop.Operators.Call("embedding", weight, input, _padding);
    }

    public sealed class LayerNorm : nn.Module<Tensor, Tensor>
    {
        private readonly long[] _shape;
        private readonly double _eps;

        public Parameter? weight { get; }
        public Parameter? bias { get; }

        internal LayerNorm(long[] shape, double eps, bool affine, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(LayerNorm))
        {
            (_shape, _eps) = (shape, eps);
            if (!affine) return;
            weight = new Parameter(ones(shape, dtype, device));
            register_parameter("weight", weight);
            if (!hasBias) return;
            bias = new Parameter(zeros(shape, dtype, device));
            register_parameter("bias", bias);
        }

        public override Tensor forward(Tensor input) => nn.functional.layer_norm(input, _shape, weight, bias, _eps);
    }

    public sealed class Dropout : nn.Module<Tensor, Tensor>
    {
        private readonly double _p;
        private readonly bool _inplace;

        internal Dropout(double p, bool inplace) : base(nameof(Dropout)) => (_p, _inplace) = (p, inplace);

        public override Tensor forward(Tensor input) => nn.functional.dropout(input, _p, training, _inplace);
    }

    public sealed class GELU : nn.Module<Tensor, Tensor>
    {
        internal GELU() : base(nameof(GELU)) { }

        public override Tensor forward(Tensor input) => input.gelu();
    }

    public sealed class ReLU : nn.Module<Tensor, Tensor>
    {
        private readonly bool _inplace;

        internal ReLU(bool inplace) : base(nameof(ReLU)) => _inplace = inplace;

        public override Tensor forward(Tensor input) => _inplace ? input.relu_() : input.relu();
    }

    public sealed class Tanh : nn.Module<Tensor, Tensor>
    {
        private readonly bool _inplace;

        internal Tanh(bool inplace) : base(nameof(Tanh)) => _inplace = inplace;

        public override Tensor forward(Tensor input) => _inplace ? input.tanh_() : input.tanh();
    }

    public sealed class Sequential : nn.Module<Tensor, Tensor>
    {
        private readonly List<nn.Module<Tensor, Tensor>> _layers = [];

        internal Sequential((string name, nn.Module<Tensor, Tensor> module)[] modules) : base(nameof(Sequential))
        {
            foreach (var (name, module) in modules)
            {
                register_module(name, module);
                _layers.Add(module);
            }
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var value = input;
            foreach (var layer in _layers) value = layer.call(value);
            return (ReferenceEquals(value, input) ? input.alias() : value).MoveToOuterDisposeScope();
        }
    }

    public sealed class ModuleList<T> : nn.Module, IList<T> where T : nn.Module
    {
        private readonly List<T> _items = [];

        internal ModuleList(T[] modules) : base("ModuleList")
        {
            foreach (var module in modules) Add(module);
        }

        public T this[int index]
        {
            get => _items[index];
            set => throw new NotSupportedException("a module list grows, its members stay");
        }

        public int Count => _items.Count;
        public bool IsReadOnly => false;

        public void Add(T item)
        {
            register_module(_items.Count.ToString((IFormatProvider?)null), item);
            _items.Add(item);
        }

        public bool Contains(T item) => _items.Contains(item);
        public int IndexOf(T item) => _items.IndexOf(item);
        public void CopyTo(T[] array, int arrayIndex) => _items.CopyTo(array, arrayIndex);
        public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();
        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
        public void Clear() => throw new NotSupportedException("a module list grows, its members stay");
        public void Insert(int index, T item) => throw new NotSupportedException("a module list grows, its members stay");
        public bool Remove(T item) => throw new NotSupportedException("a module list grows, its members stay");
        public void RemoveAt(int index) => throw new NotSupportedException("a module list grows, its members stay");
    }
}
