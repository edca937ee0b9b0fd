using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    public static IDisposable no_grad() => new GradMode(false);
    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);
    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode);
    public static bool is_grad_enabled() => Bridge.bridge_grad_enabled() != 0;
    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);
    public static bool is_inference_mode_enabled() => Bridge.bridge_is_inference_mode() != 0;

    private sealed class GradMode : IDisposable
    {
        private readonly int _before = Bridge.bridge_grad_enabled();

        public GradMode(bool enabled) => Bridge.bridge_set_grad_enabled(enabled ? 1 : 0);

        public void Dispose() => Bridge.bridge_set_grad_enabled(_before);
    }

    private sealed class InferenceMode(bool enabled) : IDisposable
    {
        private IntPtr _mode = Bridge.bridge_inference_enter(enabled ? 1 : 0);

        public void Dispose()
        {
            if (_mode != 0) Bridge.bridge_inference_exit(_mode);
            _mode = 0;
        }
    }

    public static partial class autograd
    {
        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            var roots = Handles(tensors);
            var grads = grad_tensors is null ? null : Handles(grad_tensors);
            var targets = inputs is null ? [] : Handles(inputs);
            fixed (IntPtr* r = roots, g = grads, t = targets)
                Bridge.Check(Bridge.bridge_backward(r, g, roots.Length, Tri(retain_graph), create_graph ? 1 : 0, t, targets.Length), $"backward of {tensors[0].Summary}");
        }

        /// <summary>The gradients of the outputs with respect to the inputs.</summary>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var roots = Handles(outputs);
            var grads = grad_outputs is null ? null : Handles(grad_outputs);
            var targets = Handles(inputs);
            var results = new IntPtr[targets.Length];
            fixed (IntPtr* r = roots, g = grads, t = targets, o = results)
                Bridge.Check(Bridge.bridge_gradients(r, g, roots.Length, t, targets.Length, retain_graph ? 1 : -1, create_graph ? 1 : 0, allow_unused ? 1 : 0, o), $"grad of {outputs[0].Summary}");
            return Array.ConvertAll(results, handle => handle == 0 ? null! : new Tensor(handle));
        }

        internal static IntPtr[] Handles(IList<Tensor> tensors)
        {
            var handles = new IntPtr[tensors.Count];
            for (var i = 0; i < handles.Length; i++) handles[i] = tensors[i].handle;
            return handles;
        }

        private static int Tri(bool? value) => value is { } v ? v ? 1 : 0 : -1;
    }
}
