using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.PyBridge;

/// <summary>Modules from and to the files of Python: torch.save's and safetensors.</summary>
public static class PyBridgeModuleExtensions
{
    public static Module save_py(this Module module, string location, IList<string>? skip = null)
    {
        PyTorchPickler.PickleStateDict(location, State(module, skip));
        return module;
    }

    public static Module save_py(this Module module, Stream stream, IList<string>? skip = null, bool leaveOpen = false)
    {
        PyTorchPickler.PickleStateDict(stream, State(module, skip), leaveOpen);
        return module;
    }

    public static Module save_safetensors(this Module module, string location, IList<string>? skip = null)
    {
        Safetensors.SaveStateDict(location, State(module, skip));
        return module;
    }

    public static Module save_safetensors(this Module module, Stream stream, IList<string>? skip = null, bool leaveOpen = false)
    {
        Safetensors.SaveStateDict(stream, State(module, skip), leaveOpen);
        return module;
    }

    public static Module load_py(this Module module, string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
    {
        using var scope = NewDisposeScope();
        return Load(module, PyTorchUnpickler.Load(PyTorchUnpickler.UnpickleStateDict(Existing(location))), strict, skip, loadedParameters);
    }

    public static Module load_py(this Module module, Stream stream, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null, bool leaveOpen = false)
    {
        using var scope = NewDisposeScope();
        return Load(module, PyTorchUnpickler.Load(PyTorchUnpickler.UnpickleStateDict(stream, leaveOpen)), strict, skip, loadedParameters);
    }

    public static Module load_safetensors(this Module module, string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
    {
        using var scope = NewDisposeScope();
        return Load(module, Safetensors.LoadStateDict(Existing(location)), strict, skip, loadedParameters);
    }

    public static Module load_safetensors(this Module module, Stream stream, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null, bool leaveOpen = false)
    {
        using var scope = NewDisposeScope();
        return Load(module, Safetensors.LoadStateDict(stream, leaveOpen), strict, skip, loadedParameters);
    }

    /// <summary>Loads a folder's model.safetensors or pytorch_model.bin, whole or in shards, or the file named.</summary>
    public static Module load_checkpoint(this Module module, string path, string? checkpointName = null, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null, bool useTqdm = true)
    {
        if (!Directory.Exists(path)) throw new DirectoryNotFoundException($"{path}: no such folder");
        using var scope = NewDisposeScope();
        var state = new Dictionary<string, Tensor>();
        foreach (var file in ShardIndex.Files(path, checkpointName))
        {
            var shard = file.EndsWith(".safetensors", StringComparison.Ordinal)
                ? Safetensors.LoadStateDict(file)
                : PyTorchUnpickler.Load(PyTorchUnpickler.UnpickleStateDict(file));
            foreach (var (name, tensor) in shard) state[name] = tensor;
        }

        return Load(module, state, strict, skip, loadedParameters);
    }

    private static string Existing(string location) => File.Exists(location) ? location : throw new FileNotFoundException($"{location}: no such file", location);

    private static Dictionary<string, Tensor> State(Module module, IList<string>? skip)
    {
        var state = module.state_dict();
        foreach (var name in skip ?? []) state.Remove(name);
        return state;
    }

    private static Module Load(Module module, Dictionary<string, Tensor> state, bool strict, IList<string>? skip, Dictionary<string, bool>? loadedParameters)
    {
        using var frozen = no_grad();
        var (_, unexpected) = module.load_state_dict(state, strict, skip);
        if (loadedParameters is null) return module;
        foreach (var name in state.Keys) loadedParameters[name] = true;
        foreach (var name in unexpected) loadedParameters[name] = false;
        return module;
    }
}
