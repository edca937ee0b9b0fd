using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp.PyBridge;

/// <summary>State dictionaries as torch.save writes them, in the zip format and in the one before torch 1.6.</summary>
public static class PyTorchUnpickler
{
    public static Hashtable UnpickleStateDict(string file)
    {
        using var source = ByteSource.Open(file);
        return Unpickle(source);
    }

    public static Hashtable UnpickleStateDict(Stream stream, bool leaveOpen = false)
    {
        try
        {
            using var source = ByteSource.Open(stream);
            return Unpickle(source);
        }
        finally
        {
            if (!leaveOpen) stream.Close();
        }
    }

    internal static Dictionary<string, Tensor> Load(Hashtable table)
    {
        var tensors = new Dictionary<string, Tensor>();
        foreach (DictionaryEntry entry in table) tensors.Add((string)entry.Key, (Tensor)entry.Value!);
        return tensors;
    }

    private static Hashtable Unpickle(ByteSource source)
    {
        using var scope = NewDisposeScope();
        var archive = TorchArchive.Read(source);
        var root = archive.Root as PickleDictionary ?? throw new InvalidDataException("the file holds no state dictionary; save the weights with torch.save(model.state_dict(), …)");
        var storages = new Dictionary<StorageReference, Tensor>();
        var tensors = new Hashtable();
        foreach (var (key, value) in root.Items)
        {
            if (key is not string name || value is not TensorReference reference)
                throw new InvalidDataException($"the entry '{key}' is no tensor; save the weights with torch.save(model.state_dict(), …)");
            if (!storages.TryGetValue(reference.Storage, out var storage))
                storages.Add(reference.Storage, storage = archive.Load(source, reference.Storage));
            tensors.Add(name, storage.as_strided(reference.Shape, reference.Strides, reference.Offset).MoveToOuterDisposeScope());
        }

        return tensors;
    }
}
