using TorchSharp.Interop;
using static TorchSharp.Interop.Operators;

namespace TorchSharp;

public static partial class torch
{
    public unsafe partial class Tensor
    {
        public bool requires_grad
        {
            get => Bridge.bridge_requires_grad(handle) != 0;
            set => Bridge.Check(Bridge.bridge_set_requires_grad(handle, value ? 1 : 0), "requires_grad");
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);
        public bool is_leaf => Bridge.bridge_is_leaf(handle) != 0;

        public Tensor? grad
        {
            get
            {
                IntPtr result;
                Bridge.Check(Bridge.bridge_grad(handle, &result), "grad");
                return result == 0 ? null : new Tensor(result);
            }
            set => Bridge.Check(Bridge.bridge_set_grad(handle, value is null ? 0 : value.handle), "grad");
        }

        public Tensor detach() => Call("detach", this);
        public Tensor detach_() => InPlace("detach_", this);

        /// <summary>Points this tensor at the memory of another, gradients and identity kept.</summary>
        public void set_data(Tensor data) => Bridge.Check(Bridge.bridge_set_data(handle, data.handle), "set_data");

        public void backward() => autograd.backward([this]);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);
    }
}
