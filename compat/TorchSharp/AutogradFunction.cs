using System.Runtime.InteropServices;
using System.Text;
using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    public static partial class autograd
    {
        /// <summary>What a custom function's forward leaves for its backward.</summary>
        public sealed class AutogradContext
        {
            private readonly Dictionary<string, object> _data = [];
            private List<Tensor> _saved = [];

            /// <summary>Keeps tensors for the backward pass: inputs and intermediates, never an output of the function.</summary>
            public void save_for_backward(IList<Tensor> tensors)
            {
                Free();
                _saved = [.. tensors.Select(t => t is null ? null! : t.alias().DetachFromDisposeScope())];
            }

            public List<Tensor> get_saved_variables() => _saved;
            public void save_data(string key, object value) => _data[key] = value;
            public object get_data(string key) => _data[key];

            internal void Free()
            {
                foreach (var tensor in _saved) tensor?.Dispose();
                _saved = [];
            }
        }

        /// <summary>A function of tensors whose forward and backward are written in managed code; one result.</summary>
        public abstract class SingleTensorFunction<T> where T : SingleTensorFunction<T>, new()
        {
            public abstract string Name { get; }
            public abstract Tensor forward(AutogradContext ctx, params object[] vars);
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            public static Tensor apply(params object[] vars)
            {
                var function = new T();
                return Node.Run(function.Name, vars, ctx => [function.forward(ctx, vars)], (ctx, grads) => function.backward(ctx, grads[0]))[0];
            }
        }

        /// <summary>The same with several results.</summary>
        public abstract class MultiTensorFunction<T> where T : MultiTensorFunction<T>, new()
        {
            public abstract string Name { get; }
            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);
            public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            public static List<Tensor> apply(params object[] vars)
            {
                var function = new T();
                return Node.Run(function.Name, vars, ctx => function.forward(ctx, vars), function.backward);
            }
        }

        /// <summary>The managed half of a node in libtorch's graph; freed when the graph lets the node go.</summary>
        private sealed class Node(AutogradContext context, int inputs, Func<AutogradContext, List<Tensor>, List<Tensor>> backward)
        {
            public static List<Tensor> Run(string name, object[] vars, Func<AutogradContext, List<Tensor>> forward, Func<AutogradContext, List<Tensor>, List<Tensor>> backward)
            {
                var context = new AutogradContext();
                List<Tensor> outputs;
                using (no_grad()) outputs = forward(context);
                // A result that is an input would be given a history twice; it gets an object of its own.
                for (var i = 0; i < outputs.Count; i++)
                    if (vars.Contains(outputs[i])) outputs[i] = outputs[i].detach();

                var tensors = vars.OfType<Tensor>().ToArray();
                var handles = Array.ConvertAll(tensors, t => t.handle);
                var results = outputs.Select(t => t.handle).ToArray();
                fixed (IntPtr* i = handles, o = results)
                {
                    if (Bridge.bridge_any_requires_grad(i, handles.Length) == 0)
                    {
                        context.Free();
                        return outputs;
                    }

                    var state = GCHandle.ToIntPtr(GCHandle.Alloc(new Node(context, tensors.Length, backward)));
                    Bridge.Check(Bridge.bridge_attach_node(i, handles.Length, o, results.Length, state, &Backward, &Release, name), name);
                }

                GC.KeepAlive(tensors);
                return outputs;
            }

            [UnmanagedCallersOnly]
            private static int Backward(IntPtr state, IntPtr* grads, int count, IntPtr* results, int resultCount, byte* message, int room)
            {
                var node = (Node)GCHandle.FromIntPtr(state).Target!;
                try
                {
                    using var scope = NewDisposeScope();
                    var given = new List<Tensor>(count);
                    for (var i = 0; i < count; i++) given.Add(grads[i] == 0 ? null! : new Tensor(grads[i]));
                    var produced = node.Differentiate(given);
                    for (var i = 0; i < resultCount && i < produced.Count; i++)
                        results[i] = produced[i] is { } tensor ? Bridge.bridge_retain(tensor.handle) : 0;
                    return 0;
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    // The exception cannot cross native frames; its message does.
                    var text = Encoding.UTF8.GetBytes(e.Message);
                    var length = Math.Min(text.Length, room - 1);
                    text.AsSpan(0, length).CopyTo(new Span<byte>(message, room));
                    return 1;
                }
            }

            private List<Tensor> Differentiate(List<Tensor> grads)
            {
                var produced = backward(context, grads);
                return produced.Count == inputs ? produced : throw new InvalidOperationException($"backward returned {produced.Count} gradients for {inputs} tensors");
            }

            [UnmanagedCallersOnly]
            private static void Release(IntPtr state)
            {
                var handle = GCHandle.FromIntPtr(state);
                ((Node)handle.Target!).Free();
                handle.Free();
            }

            private void Free() => context.Free();
        }
    }
}
