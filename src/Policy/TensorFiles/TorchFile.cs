using static TorchSharp.torch;

namespace Rlhf.Policies.TensorFiles;

/// <summary>State dictionaries as torch.save writes them, in the zip format and in the one before torch 1.6.</summary>
internal static class TorchFile
{
    /// <summary>Tensors may share numbers, as tied matrices do: all of them together may have so many times the bytes of the file.</summary>
    private const int Sharing = 4;

    /// <exception cref="InvalidDataException">The file is damaged, or holds something else.</exception>
    public static Dictionary<string, Tensor> Load(string path)
    {
        using var file = new MappedFile(path);
        using var scope = NewDisposeScope();
        var archive = TorchArchive.Read(file);
        var root = archive.Root as PickleDictionary ?? throw new InvalidDataException("the file holds no state dictionary; save the weights with torch.save(model.state_dict(), …)");
        var storages = new Dictionary<StorageReference, Tensor>();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        Int128 bytes = 0;
        foreach (var (key, value) in root.Items)
        {
            if (key is not string name || value is not TensorReference reference)
                throw new InvalidDataException($"the entry '{key}' is no tensor; save the weights with torch.save(model.state_dict(), …)");
            bytes += reference.Shape.Aggregate((Int128)SafetensorsTypes.Size(reference.Storage.Type), (product, size) => product * size);
            if (bytes > (Int128)Sharing * file.Length) throw new InvalidDataException($"its tensors share their numbers and would take more than {Sharing} times the file; save the weights with torch.save(model.state_dict(), …)");
            if (!storages.TryGetValue(reference.Storage, out var storage))
                storages.Add(reference.Storage, storage = archive.Load(file, reference.Storage));
            tensors.Add(name, storage.as_strided(reference.Shape, reference.Strides, reference.Offset).MoveToOuterDisposeScope());
        }

        return tensors;
    }
}
