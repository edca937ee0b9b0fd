using static TorchSharp.torch;

namespace TorchSharp.PyBridge;

/// <summary>Tensors by name in Hugging Face's safetensors format.</summary>
public static class Safetensors
{
    public static Dictionary<string, Tensor> LoadStateDict(string path, List<string>? keysToKeep = null)
    {
        using var source = ByteSource.Open(path);
        return Load(source, keysToKeep);
    }

    public static Dictionary<string, Tensor> LoadStateDict(Stream stream, bool leaveOpen = false, List<string>? keysToKeep = null)
    {
        try
        {
            using var source = ByteSource.Open(stream);
            return Load(source, keysToKeep);
        }
        finally
        {
            if (!leaveOpen) stream.Close();
        }
    }

    /// <summary>Writes to a temporary name beside <paramref name="path"/> and renames: the path holds the old file or the whole new one.</summary>
    public static void SaveStateDict(string path, Dictionary<string, Tensor> stateDict) =>
        AtomicFile.Write(path, stream => Save(stream, stateDict));

    public static void SaveStateDict(Stream stream, Dictionary<string, Tensor> stateDict, bool leaveOpen = false)
    {
        Save(stream, stateDict);
        if (!leaveOpen) stream.Close();
    }

    internal static IReadOnlyList<SafetensorsEntry> LoadIndex(string path)
    {
        using var source = ByteSource.Open(path);
        return SafetensorsHeader.Read(source);
    }

    private static Dictionary<string, Tensor> Load(ByteSource source, List<string>? keysToKeep)
    {
        var kept = keysToKeep is null ? null : new HashSet<string>(keysToKeep, StringComparer.Ordinal);
        var loaded = new Dictionary<string, Tensor>();
        foreach (var entry in SafetensorsHeader.Read(source))
        {
            if (kept is not null && !kept.Contains(entry.Name)) continue;
            var tensor = empty(entry.Shape, dtype: entry.Type);
            TensorBytes.Fill(tensor, source, entry.Offset);
            loaded.Add(entry.Name, tensor);
        }

        return loaded;
    }

    private static void Save(Stream stream, Dictionary<string, Tensor> stateDict)
    {
        var entries = new List<SafetensorsEntry>();
        var offset = 0L;
        // Wide types first keeps every tensor aligned to its element, as the format's own writer does.
        foreach (var (name, tensor) in stateDict.OrderByDescending(pair => SafetensorsTypes.Size(pair.Value.dtype)))
        {
            var bytes = tensor.numel() * SafetensorsTypes.Size(tensor.dtype);
            entries.Add(new SafetensorsEntry(name, tensor.dtype, tensor.shape, offset, bytes));
            offset += bytes;
        }

        stream.Write(SafetensorsHeader.Write(entries, new Dictionary<string, string> { ["format"] = "pt" }));
        foreach (var entry in entries) TensorBytes.Write(stateDict[entry.Name], stream);
    }
}
