using TorchSharp.Interop;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0.0, double dampening = 0.0, double weight_decay = 0.0, bool nesterov = false, bool maximize = false) =>
                new([new SGD.ParamGroup(parameters)], learningRate, momentum, dampening, weight_decay, nesterov, maximize);
            public static SGD SGD(IEnumerable<SGD.ParamGroup> parameters, double learningRate, double momentum = 0.0, double dampening = 0.0, double weight_decay = 0.0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Gradient descent with momentum as PyTorch defines it.</summary>
    public sealed class SGD : optim.Optimizer
    {
        private readonly Dictionary<Parameter, (Tensor momentum, long step)> _state = new(ReferenceEqualityComparer.Instance);
        private readonly bool _nesterov, _maximize;

        internal SGD(IEnumerable<ParamGroup> groups, double lr, double momentum, double dampening, double decay, bool nesterov, bool maximize)
        {
            if (nesterov && (momentum <= 0 || dampening != 0)) throw new ArgumentException("Nesterov momentum wants a momentum and no dampening");
            (_nesterov, _maximize) = (nesterov, maximize);
            foreach (var group in groups) add_param_group(group.WithDefaults(("lr", lr), ("momentum", momentum), ("dampening", dampening), ("weight_decay", decay)));
        }

        protected override void Update(Modules.ParamGroup group)
        {
            double momentum = group["momentum"], decay = group["weight_decay"];
            var members = group.Parameters.Select(p => (parameter: p, grad: p.grad)).Where(p => p.grad is not null).ToList();
            if (members.Count == 0) return;
            Tensor[] weights = [.. members.Select(m => (Tensor)m.parameter)], grads = [.. members.Select(m => m.grad!)];
            if (_maximize) grads = Operators.CallList("_foreach_neg", grads);
            if (decay != 0) grads = Operators.CallList("_foreach_add.List", grads, weights, (Scalar)decay);
            if (momentum != 0)
            {
                var buffers = new Tensor[grads.Length];
                for (var i = 0; i < grads.Length; i++)
                {
                    var (buffer, step) = Of(members[i].parameter);
                    if (step == 0) buffer.copy_(grads[i]);
                    else buffer.mul_(momentum).add_(grads[i], 1 - group["dampening"]);
                    _state[members[i].parameter] = (buffer, step + 1);
                    buffers[i] = buffer;
                }

                grads = _nesterov ? Operators.CallList("_foreach_add.List", grads, buffers, (Scalar)momentum) : buffers;
            }

            Operators.Run("_foreach_add_.List", weights, grads, (Scalar)(-group.LearningRate));
        }

        private (Tensor momentum, long step) Of(Parameter parameter)
        {
            if (!_state.TryGetValue(parameter, out var found)) _state[parameter] = found = (zeros_like(parameter).DetachFromDisposeScope(), 0);
            return found;
        }

        internal override Dictionary<string, Tensor> StateOf(Parameter parameter) => new() { ["momentum_buffer"] = Of(parameter).momentum };
        internal override long StepOf(Parameter parameter) => Of(parameter).step;
        internal override void SetStep(Parameter parameter, long step) => _state[parameter] = (Of(parameter).momentum, step);

        protected override void Dispose(bool disposing)
        {
            foreach (var (buffer, _) in _state.Values) buffer.Dispose();
            _state.Clear();
        }

        public sealed class ParamGroup : Modules.ParamGroup
        {
            public ParamGroup(IEnumerable<Parameter> parameters) => Parameters = parameters.ToList();

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1.0e-3, double momentum = 0.0, double dampening = 0.0, double weight_decay = 0.0) : this(parameters) =>
                WithDefaults(("lr", lr), ("momentum", momentum), ("dampening", dampening), ("weight_decay", weight_decay));
        }
    }
}
