using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Changes parameters by their gradients, group by group.</summary>
            public abstract class Optimizer : IDisposable
            {
                private readonly List<Modules.ParamGroup> _groups = [];

                public IEnumerable<Modules.ParamGroup> ParamGroups => _groups;
                public IEnumerable<Parameter> parameters() => _groups.SelectMany(g => g.Parameters);

                internal List<Modules.ParamGroup> Groups => _groups;

                public virtual void add_param_group(Modules.ParamGroup param_group)
                {
                    foreach (var parameter in param_group.Parameters)
                        if (_groups.Exists(g => g.Parameters.Any(p => ReferenceEquals(p, parameter)))) throw new ArgumentException("a parameter stands in two groups");
                    _groups.Add(param_group);
                }

                public virtual void zero_grad(bool set_to_none = true)
                {
                    foreach (var parameter in parameters())
                    {
                        if (set_to_none)
                        {
                            parameter.grad = null;
                            continue;
                        }

                        using var grad = parameter.grad;
                        grad?.zero_();
                    }
                }

                /// <summary>One step; the closure, if given, computes the loss anew first.</summary>
                public virtual Tensor? step(Func<Tensor>? closure = null)
                {
                    Tensor? loss = null;
                    if (closure is not null)
                    {
                        using var on = enable_grad();
                        loss = closure();
                    }

                    using var quiet = no_grad();
                    using var scope = NewDisposeScope();
                    foreach (var group in _groups) Update(group);
                    return loss;
                }

                protected abstract void Update(Modules.ParamGroup group);

                /// <summary>The tensors of one parameter's state, by name, made at its first step.</summary>
                internal abstract Dictionary<string, Tensor> StateOf(Parameter parameter);
                internal abstract long StepOf(Parameter parameter);
                internal abstract void SetStep(Parameter parameter, long step);

                /// <summary>Learning rates and moments, by position of the parameter over all groups.</summary>
                public StateDictionary state_dict()
                {
                    var state = new StateDictionary();
                    foreach (var group in _groups) state.Options.Add(group.Copy());
                    foreach (var parameter in parameters())
                        state.State.Add(new OptimizerState(StepOf(parameter), StateOf(parameter).ToDictionary(s => s.Key, s => s.Value.clone().DetachFromDisposeScope())));
                    return state;
                }

                public void load_state_dict(StateDictionary state_dict)
                {
                    var own = parameters().ToList();
                    if (state_dict.Options.Count != _groups.Count || state_dict.State.Count != own.Count)
                        throw new ArgumentException($"the state holds {state_dict.Options.Count} groups of {state_dict.State.Count} parameters, the optimizer {_groups.Count} of {own.Count}");
                    using var quiet = no_grad();
                    for (var i = 0; i < _groups.Count; i++) _groups[i].Take(state_dict.Options[i]);
                    for (var i = 0; i < own.Count; i++)
                    {
                        SetStep(own[i], state_dict.State[i].Step);
                        if (state_dict.State[i].Step == 0) continue;
                        foreach (var (name, tensor) in StateOf(own[i])) tensor.copy_(state_dict.State[i].Tensors[name]);
                    }
                }

                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                protected abstract void Dispose(bool disposing);
            }

            public sealed class StateDictionary
            {
                public List<IReadOnlyDictionary<string, double>> Options { get; } = [];
                public List<OptimizerState> State { get; } = [];
            }

            public sealed record OptimizerState(long Step, IReadOnlyDictionary<string, Tensor> Tensors);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Parameters that are trained alike, and how.</summary>
    public class ParamGroup
    {
        private readonly Dictionary<string, double> _options = [];

        public IEnumerable<Parameter> Parameters { get; init; } = [];

        public double LearningRate
        {
            get => Get("lr", 1e-3);
            set => this["lr"] = value;
        }

        public double InitialLearningRate
        {
            get => Get("initial_lr", LearningRate);
            set => this["initial_lr"] = value;
        }

        public double this[string option]
        {
            get => _options[option];
            set => _options[option] = value;
        }

        internal double Get(string option, double fallback) => _options.GetValueOrDefault(option, fallback);
        internal bool Has(string option) => _options.ContainsKey(option);
        internal Dictionary<string, double> Copy() => new(_options);

        internal void Take(IReadOnlyDictionary<string, double> options)
        {
            foreach (var (name, value) in options) _options[name] = value;
        }

        /// <summary>Fills in what the group leaves open with the optimizer's own options.</summary>
        internal ParamGroup WithDefaults(params ReadOnlySpan<(string name, double value)> defaults)
        {
            foreach (var (name, value) in defaults) _options.TryAdd(name, value);
            _options.TryAdd("initial_lr", LearningRate);
            return this;
        }
    }
}
