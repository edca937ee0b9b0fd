using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Holds parameters, buffers and other modules, by name.</summary>
        public class Module : IDisposable
        {
            private readonly List<(string name, Parameter? parameter)> _parameters = [];
            private readonly List<(string name, Tensor buffer, bool persistent)> _buffers = [];
            private readonly List<(string name, Module module)> _modules = [];
            private readonly string _name;

            protected Module(string name) => _name = name;

            public bool training { get; private set; } = true;

            public virtual string GetName() => _name;

            public virtual void register_parameter(string name, Parameter? param)
            {
                Refuse(name);
                param?.DetachFromDisposeScope();
                _parameters.Add((name, param));
            }

            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                Refuse(name);
                tensor.DetachFromDisposeScope();
                _buffers.Add((name, tensor, persistent));
            }

            public virtual void register_module(string name, Module submodule)
            {
                Refuse(name);
                _modules.Add((name, submodule));
            }

            private void Refuse(string name)
            {
                if (name.Contains('.', StringComparison.Ordinal)) throw new ArgumentException($"a component's name holds no dot, got '{name}'");
                if (_parameters.Exists(p => p.name == name) || _buffers.Exists(b => b.name == name) || _modules.Exists(m => m.name == name))
                    throw new InvalidOperationException($"{GetName()} has a component '{name}' already");
            }

            /// <summary>Registers every field that is a module, a parameter or (as a buffer) a tensor.</summary>
            protected virtual void RegisterComponents()
            {
                foreach (var field in GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
                {
                    var registered = _parameters.Exists(p => p.name == field.Name) || _buffers.Exists(b => b.name == field.Name) || _modules.Exists(m => m.name == field.Name);
                    if (registered || field.Name.StartsWith('<')) continue;
                    switch (field.GetValue(this))
                    {
                        case Module module: register_module(field.Name, module); break;
                        case Parameter parameter: register_parameter(field.Name, parameter); break;
                        case Tensor tensor: register_buffer(field.Name, tensor); break;
                    }
                }
            }

            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                foreach (var (name, parameter) in _parameters)
                    if (parameter is not null) yield return (name, parameter);
                if (!recurse) yield break;
                foreach (var (prefix, module) in _modules)
                    foreach (var (name, parameter) in module.named_parameters()) yield return ($"{prefix}.{name}", parameter);
            }

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(p => p.parameter);

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                foreach (var (name, buffer, persistent) in _buffers)
                    if (persistent || include_nonpersistent) yield return (name, buffer);
                if (!recurse) yield break;
                foreach (var (prefix, module) in _modules)
                    foreach (var (name, buffer) in module.named_buffers(true, include_nonpersistent)) yield return ($"{prefix}.{name}", buffer);
            }

            public virtual IEnumerable<Tensor> buffers(bool recurse = true) => named_buffers(recurse).Select(b => b.buffer);
            public virtual IEnumerable<(string name, Module module)> named_children() => _modules;
            public virtual IEnumerable<Module> children() => _modules.Select(m => m.module);

            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var (prefix, module) in _modules)
                {
                    yield return (prefix, module);
                    foreach (var (name, child) in module.named_modules()) yield return ($"{prefix}.{name}", child);
                }
            }

            public virtual IEnumerable<Module> modules()
            {
                yield return this;
                foreach (var child in children())
                    foreach (var module in child.modules()) yield return module;
            }

            public virtual bool has_parameter(string name) => named_parameters().Any(p => p.name == name);

            public virtual Parameter? get_parameter(string name) => named_parameters().FirstOrDefault(p => p.name == name).parameter;

            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                var start = string.IsNullOrEmpty(prefix) ? "" : prefix + ".";
                foreach (var (name, parameter) in named_parameters()) destination.TryAdd(start + name, parameter);
                foreach (var (name, buffer) in named_buffers(true, include_nonpersistent: false)) destination.TryAdd(start + name, buffer);
                return destination;
            }

            public virtual (IList<string> missing_keys, IList<string> unexpected_keys) load_state_dict(Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                var own = state_dict();
                var missing = own.Keys.Where(k => !source.ContainsKey(k) && skip?.Contains(k) != true).ToList();
                var unexpected = source.Keys.Where(k => !own.ContainsKey(k) && skip?.Contains(k) != true).ToList();
                if (strict && missing.Count + unexpected.Count > 0)
                    throw new InvalidOperationException($"the state does not fit {GetName()}: missing [{string.Join(", ", missing)}], unexpected [{string.Join(", ", unexpected)}]");
                using var quiet = no_grad();
                foreach (var (name, tensor) in own)
                {
                    if (skip?.Contains(name) == true || !source.TryGetValue(name, out var value)) continue;
                    if (!tensor.shape.AsSpan().SequenceEqual(value.shape)) throw new ArgumentException($"{name}: the state holds {value.Summary}, {GetName()} has {tensor.Summary}");
                    tensor.copy_(value);
                }

                return (missing, unexpected);
            }

            public virtual void train(bool mode = true)
            {
                training = mode;
                foreach (var child in children()) child.train(mode);
            }

            public virtual void eval() => train(false);

            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var parameter in parameters())
                {
                    if (set_to_none)
                    {
                        parameter.grad = null;
                    }
                    else
                    {
                        using var grad = parameter.grad;
                        grad?.zero_();
                    }
                }
            }

            public virtual Module apply(Action<Module> fn)
            {
                foreach (var child in children()) child.apply(fn);
                fn(this);
                return this;
            }

            /// <summary>Converts every parameter and buffer in place; whole numbers keep their type.</summary>
            internal void Convert(ScalarType? type, Device? device)
            {
                using var quiet = no_grad();
                foreach (var tensor in parameters().Concat(buffers()))
                {
                    using var scope = NewDisposeScope();
                    var converted = tensor.to(tensor.is_floating_point() && type is { } t ? t : tensor.dtype, device ?? tensor.device);
                    if (converted.dtype == tensor.dtype && converted.device == tensor.device) continue;
                    tensor.grad = null;
                    tensor.set_data(converted);
                }
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (!disposing) return;
                foreach (var (_, parameter) in _parameters) parameter?.Dispose();
                foreach (var (_, buffer, _) in _buffers) buffer.Dispose();
                foreach (var (_, module) in _modules) module.Dispose();
            }
        }

        public abstract class Module<T, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T input);
            public TResult call(T input) => forward(input);
        }

        public abstract class Module<T1, T2, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2);
            public TResult call(T1 input1, T2 input2) => forward(input1, input2);
        }

        public abstract class Module<T1, T2, T3, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2, T3 input3);
            public TResult call(T1 input1, T2 input2, T3 input3) => forward(input1, input2, input3);
        }
    }
}

/// <summary>Moving modules, spelled as the real package spells it.</summary>
public static class ModuleExtensionMethods
{
    public static T to<T>(this T module, torch.ScalarType type) where T : torch.nn.Module
    {
        module.Convert(type, null);
        return module;
    }

    public static T to<T>(this T module, torch.Device device) where T : torch.nn.Module
    {
        module.Convert(null, device);
        return module;
    }

    public static T to<T>(this T module, torch.Device device, torch.ScalarType type) where T : torch.nn.Module
    {
        module.Convert(type, device);
        return module;
    }

    public static T to<T>(this T module, DeviceType type, int deviceIndex = -1) where T : torch.nn.Module => module.to(new torch.Device(type, deviceIndex));
    public static T to<T>(this T module, string device) where T : torch.nn.Module => module.to(new torch.Device(device));
    public static T cpu<T>(this T module) where T : torch.nn.Module => module.to(torch.CPU);
    public static T cuda<T>(this T module, int deviceIndex = -1) where T : torch.nn.Module => module.to(DeviceType.CUDA, deviceIndex);
}
