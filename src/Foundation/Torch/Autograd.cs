using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// Gives tensors that were computed outside autograd a backward pass of one's own. TorchSharp's own custom functions end the
/// process where a backward pass throws; here <see cref="Backward(Tensor)"/> throws what it threw.
/// </summary>
#pragma warning disable RS0030 // This is the place that uses what no other may.
internal static class Autograd
{
    private static Exception? s_failure;

    /// <summary>The gradients of the inputs, null where one has none, from those of the values, null where one has none.</summary>
    /// <param name="saved">what was saved, in its order</param>
    public delegate Tensor?[] Pass(IReadOnlyList<Tensor?> saved, IReadOnlyList<Tensor?> towards);

    /// <param name="values">fresh tensors, without gradients: what depends on the inputs</param>
    /// <param name="inputs">what the values were computed from and gradients are wanted for</param>
    /// <param name="saved">tensors that the backward pass reads; they live as long as it may come, and must not be changed until then</param>
    /// <returns>the values, in the caller's scope, as autograd knows them from now on</returns>
    public static Tensor[] Attach(IReadOnlyList<Tensor> values, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor?> saved, Pass backward) =>
        is_grad_enabled() && inputs.Any(input => input.requires_grad)
            ? [.. Function.apply([.. inputs, new Plan([.. values], [.. saved], inputs.Count, backward)])]
            : [.. values];

    public static Tensor Attach(Tensor value, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor?> saved, Func<IReadOnlyList<Tensor?>, Tensor, Tensor?[]> backward) =>
        Attach([value], inputs, saved, (kept, towards) => backward(kept, towards[0]!))[0];

    /// <summary>The gradients of a number, added to those of all parameters behind it.</summary>
    public static void Backward(Tensor loss) => Checked(loss.backward);

    /// <summary>The same from the gradient of a tensor on.</summary>
    public static void Backward(Tensor tensor, Tensor gradient) => Checked(() => autograd.backward(tensor, gradient));

    private static void Checked(Action pass)
    {
        // What backward passes make has to outlive the calls of native code, and no longer.
        using var scope = NewDisposeScope();
        pass();
        if (Interlocked.Exchange(ref s_failure, null) is { } failure) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    private sealed record Plan(List<Tensor> Values, List<Tensor?> Saved, int Inputs, Pass Pass);

    private sealed class Function : autograd.MultiTensorFunction<Function>
    {
        private const string Key = "plan";

        // Of the last pass that this thread ended: native code has taken them over once it begins another.
        [ThreadStatic]
        private static Tensor?[]? t_returned;

        public override string Name => nameof(Autograd);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var plan = (Plan)vars[^1];
            ctx.set_materialize_grads(false);
            ctx.save_for_backward(plan.Saved!);
            // The node outlives the values: kept here, they would live as long.
            ctx.save_data(Key, plan with { Values = [], Saved = [] });
            return plan.Values;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            var plan = (Plan)ctx.get_data(Key);
            try
            {
                foreach (var taken in t_returned ?? []) taken?.Dispose();
                t_returned = null;
                // What a pass is given and makes on its way goes with it: all nodes of a backward pass would hold theirs to its end, and
                // those of a GPU, whose thread has no scope, until a garbage collection.
                using var scope = NewDisposeScope();
                var towards = grad_outputs.ConvertAll(gradient => gradient.IsInvalid ? null : gradient);
                var gradients = plan.Pass(ctx.get_saved_variables(), towards);
                foreach (var gradient in gradients) gradient?.MoveToOuterDisposeScope();
                foreach (var given in towards)
                    if (!Array.Exists(gradients, gradient => ReferenceEquals(gradient, given))) given?.Dispose();
                t_returned = gradients;
                return gradients.Append(null).ToList()!;
            }
            catch (Exception failure)
            {
                // Beyond here is native code. Inputs without gradients are a thing it knows.
                Interlocked.CompareExchange(ref s_failure, failure, null);
                return [.. Enumerable.Repeat<Tensor>(null!, plan.Inputs + 1)];
            }
        }
    }
}
