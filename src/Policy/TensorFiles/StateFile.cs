using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace Rlhf.Policies.TensorFiles;

/// <summary>
/// The tensors of a trainer's state, by name. PyBridge writes and reads them; as it believes what a file says of itself, the
/// file is checked before.
/// </summary>
internal static class StateFile
{
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var scope = NewDisposeScope();
        Durable.Write(path, stream => Safetensors.SaveStateDict(stream, tensors.ToDictionary(one => one.Key, one => one.Value.detach().contiguous()), leaveOpen: true));
    }

    public static Dictionary<string, Tensor> Load(string path) => Checked(path, () => Safetensors.LoadStateDict(path));

    /// <summary>All weights of a module.</summary>
    public static void Save(string path, nn.Module module) => Save(path, module.state_dict());

    /// <summary>Reads into a module what was saved from one of the same shape.</summary>
    public static void Load(string path, nn.Module module) => Checked(path, () => module.load_safetensors(path));

    private static T Checked<T>(string path, Func<T> read)
    {
        try
        {
            using (var file = new MappedFile(path)) SafetensorsHeader.Read(file);
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw new RlhfException($"{path}: belongs to another model ({e.Message})", e);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or RlhfException))
        {
            // What the package throws is not documented.
            throw new RlhfException($"{path}: {e.Message}", e);
        }
    }
}
