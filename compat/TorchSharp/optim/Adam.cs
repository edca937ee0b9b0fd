using TorchSharp.Interop;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static Adam Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                Without(new Adam([new Adam.ParamGroup(parameters)], lr, beta1, beta2, eps, weight_decay, maximize), amsgrad);
            public static Adam Adam(IEnumerable<Adam.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                Without(new Adam(parameters, lr, beta1, beta2, eps, weight_decay, maximize), amsgrad);
            public static AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                Without(new AdamW([new AdamW.ParamGroup(parameters)], lr, beta1, beta2, eps, weight_decay, maximize), amsgrad);
            public static AdamW AdamW(IEnumerable<(string name, Parameter parameter)> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                AdamW(parameters.Select(p => p.parameter), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);
            public static AdamW AdamW(IEnumerable<AdamW.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                Without(new AdamW(parameters, lr, beta1, beta2, eps, weight_decay, maximize), amsgrad);

            private static T Without<T>(T optimizer, bool amsgrad) => amsgrad ? throw new NotSupportedException("amsgrad is not offered") : optimizer;
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>What Adam and AdamW share: two moments per parameter, kept in the parameter's type.</summary>
    public abstract class AdamFamily : optim.Optimizer
    {
        private sealed class Moments(Tensor first, Tensor second)
        {
            public readonly Tensor First = first, Second = second;
            public long Step;
        }

        private readonly Dictionary<Parameter, Moments> _state = new(ReferenceEqualityComparer.Instance);
        private readonly bool _maximize;

        private protected AdamFamily(IEnumerable<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double weightDecay, bool maximize)
        {
            _maximize = maximize;
            foreach (var group in groups) add_param_group(group.WithDefaults(("lr", lr), ("beta1", beta1), ("beta2", beta2), ("eps", eps), ("weight_decay", weightDecay)));
        }

        /// <summary>Whether decay shrinks the weights themselves (AdamW) or is added to the gradient (Adam).</summary>
        private protected abstract bool Decoupled { get; }

        protected override void Update(ParamGroup group)
        {
            // Parameters of one step count are updated together; they differ only where some had no gradient before.
            foreach (var batch in group.Parameters.Select(p => (parameter: p, grad: p.grad)).Where(p => p.grad is not null).GroupBy(p => Of(p.parameter).Step))
            {
                var members = batch.ToList();
                Tensor[] weights = [.. members.Select(m => (Tensor)m.parameter)], grads = [.. members.Select(m => m.grad!)];
                Tensor[] first = [.. members.Select(m => Of(m.parameter).First)], second = [.. members.Select(m => Of(m.parameter).Second)];
                foreach (var (parameter, _) in members) Of(parameter).Step++;
                Step(group, batch.Key + 1, weights, grads, first, second);
            }
        }

        private void Step(ParamGroup group, long step, Tensor[] weights, Tensor[] grads, Tensor[] first, Tensor[] second)
        {
            double lr = group.LearningRate, beta1 = group["beta1"], beta2 = group["beta2"], eps = group["eps"], decay = group["weight_decay"];
            if (_maximize) grads = Operators.CallList("_foreach_neg", grads);
            if (decay != 0 && !Decoupled) grads = Operators.CallList("_foreach_add.List", grads, weights, (Scalar)decay);
            var shrink = Decoupled ? decay : 0;
            if (Array.TrueForAll(weights, w => w.is_cpu && w.dtype == ScalarType.Float32 && w.is_contiguous()))
            {
                Libtorch.FusedAdamW(weights, grads, first, second, null, 1, lr, beta1, beta2, eps, shrink, step);
                return;
            }

            if (shrink != 0) Operators.Run("_foreach_mul_.Scalar", weights, (Scalar)(1 - lr * shrink));
            Operators.Run("_foreach_mul_.Scalar", first, (Scalar)beta1);
            Operators.Run("_foreach_add_.List", first, grads, (Scalar)(1 - beta1));
            Operators.Run("_foreach_mul_.Scalar", second, (Scalar)beta2);
            Operators.Run("_foreach_addcmul_.Scalar", second, grads, grads, (Scalar)(1 - beta2));
            var denominators = Operators.CallList("_foreach_sqrt", second);
            Operators.Run("_foreach_div_.Scalar", denominators, (Scalar)Math.Sqrt(1 - Math.Pow(beta2, step)));
            Operators.Run("_foreach_add_.Scalar", denominators, (Scalar)eps);
            Operators.Run("_foreach_addcdiv_.Scalar", weights, first, denominators, (Scalar)(-lr / (1 - Math.Pow(beta1, step))));
        }

        private Moments Of(Parameter parameter)
        {
            if (_state.TryGetValue(parameter, out var found)) return found;
            return _state[parameter] = new Moments(zeros_like(parameter).DetachFromDisposeScope(), zeros_like(parameter).DetachFromDisposeScope());
        }

        internal override Dictionary<string, Tensor> StateOf(Parameter parameter) => new() { ["exp_avg"] = Of(parameter).First, ["exp_avg_sq"] = Of(parameter).Second };
        internal override long StepOf(Parameter parameter) => Of(parameter).Step;
        internal override void SetStep(Parameter parameter, long step) => Of(parameter).Step = step;

        protected override void Dispose(bool disposing)
        {
            foreach (var moments in _state.Values)
            {
                moments.First.Dispose();
                moments.Second.Dispose();
            }

            _state.Clear();
        }
    }

    /// <summary>Adam (Kingma and Ba 2015); decay is part of the gradient.</summary>
    public sealed class Adam : AdamFamily
    {
        internal Adam(IEnumerable<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double decay, bool maximize) : base(groups, lr, beta1, beta2, eps, decay, maximize) { }

        private protected override bool Decoupled => false;

        public sealed class ParamGroup : Modules.ParamGroup
        {
            public ParamGroup(IEnumerable<Parameter> parameters) => Parameters = parameters.ToList();

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1.0e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) : this(parameters) =>
                WithDefaults(("lr", lr), ("beta1", beta1), ("beta2", beta2), ("eps", eps), ("weight_decay", weight_decay));
        }
    }

    /// <summary>AdamW (Loshchilov and Hutter 2019); decay shrinks the weights themselves.</summary>
    public sealed class AdamW : AdamFamily
    {
        internal AdamW(IEnumerable<ParamGroup> groups, double lr, double beta1, double beta2, double eps, double decay, bool maximize) : base(groups, lr, beta1, beta2, eps, decay, maximize) { }

        private protected override bool Decoupled => true;

        public sealed class ParamGroup : Modules.ParamGroup
        {
            public ParamGroup(IEnumerable<Parameter> parameters) => Parameters = parameters.ToList();

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1.0e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) : this(parameters) =>
                WithDefaults(("lr", lr), ("beta1", beta1), ("beta2", beta2), ("eps", eps), ("weight_decay", weight_decay));
        }
    }
}
