using Rlhf.Foundation.Files;
using static TorchSharp.torch;

namespace Rlhf.Policies.TensorFiles;

/// <summary>
/// Tensors by name in Hugging Face's safetensors format: what is read is checked before it is believed, what is written is
/// aligned and says that PyTorch made it, which transformers asks for.
/// </summary>
internal static class SafetensorsFile
{
    /// <exception cref="InvalidDataException">The file is not whole.</exception>
    public static Dictionary<string, Tensor> Load(string path)
    {
        using var file = new MappedFile(path);
        var loaded = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var entry in SafetensorsHeader.Read(file))
        {
            var tensor = empty(entry.Shape, dtype: entry.Type);
            TensorBytes.Fill(tensor, file, entry.Offset);
            loaded.Add(entry.Name, tensor);
        }

        return loaded;
    }

    /// <summary>Replaces the file, if there is one, when the new one is whole and on disk.</summary>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors) => Durable.Write(path, stream => Write(stream, tensors));

    private static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var entries = new List<SafetensorsEntry>();
        var offset = 0L;
        // Wide types first keeps every tensor aligned to its element, as the format's own writer does.
        foreach (var (name, tensor) in tensors.OrderByDescending(pair => SafetensorsTypes.Size(pair.Value.dtype)))
        {
            var bytes = tensor.numel() * SafetensorsTypes.Size(tensor.dtype);
            entries.Add(new SafetensorsEntry(name, tensor.dtype, tensor.shape, offset, bytes));
            offset += bytes;
        }

        stream.Write(SafetensorsHeader.Write(entries));
        foreach (var entry in entries) TensorBytes.Write(tensors[entry.Name], stream);
    }
}
