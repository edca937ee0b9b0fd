using System.Text.Json;

namespace TorchSharp.PyBridge;

/// <summary>The files a checkpoint folder is made of: one, or the shards its index names.</summary>
internal static class ShardIndex
{
    private static readonly string[] Candidates = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    public static IReadOnlyList<string> Files(string folder, string? name)
    {
        name ??= Candidates.FirstOrDefault(candidate => File.Exists(Path.Combine(folder, candidate)))
            ?? throw new ArgumentException($"{folder}: holds none of {string.Join(", ", Candidates)}");
        if (name != Path.GetFileName(name)) throw new ArgumentException($"'{name}' is a path; the checkpoint's name is that of a file in the folder", nameof(name));
        var main = Path.Combine(folder, name);
        return name.EndsWith(".index.json", StringComparison.Ordinal) ? Shards(folder, main) : [main];
    }

    private static List<string> Shards(string folder, string index)
    {
        var files = new List<string>();
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(index), new JsonDocumentOptions { MaxDepth = 8 });
            foreach (var entry in json.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                var shard = entry.Value.GetString() ?? "";
                if (shard.Length == 0 || shard != Path.GetFileName(shard) || shard is "." or ".." || shard.Contains('\\', StringComparison.Ordinal))
                    throw new InvalidDataException($"{index}: '{shard}' is not the name of a file beside the index");
                var file = Path.Combine(folder, shard);
                if (!files.Contains(file)) files.Add(file);
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException($"{index}: not an index of shards (an object weight_map of file names): {e.Message}");
        }

        return files;
    }
}
