using System.Text;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Checkpoints;

/// <summary>The files that hold a folder's weights: one or several, safetensors or torch.save's.</summary>
internal static class WeightFiles
{
    private static readonly string[] Names = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    /// <summary>All tensors of a folder, by the names they have there, in the type they are stored in.</summary>
    public static Dictionary<string, Tensor> Load(string folder)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var file in Find(folder))
        {
            foreach (var (name, tensor) in LoadFile(file)) tensors[name] = tensor;
        }

        return tensors;
    }

    public static IReadOnlyList<string> Find(string folder)
    {
        var main = Names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new RlhfException($"{folder}: holds no weights; one of {string.Join(", ", Names)} is expected");
        return main.EndsWith(".index.json", StringComparison.Ordinal) ? Shards(folder, main) : [main];
    }

    public static Dictionary<string, Tensor> LoadFile(string file)
    {
        RefusePlaceholders(file);
        CheckpointManifest.VerifyFile(file);
        try
        {
            return file.EndsWith(".safetensors", StringComparison.Ordinal) ? SafetensorsFile.Load(file) : TorchFile.Load(file);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new RlhfException($"{file}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Says plainly that a download went wrong, instead of failing on the first strange byte.</summary>
    public static void RefusePlaceholders(string file)
    {
        using var stream = File.OpenRead(file);
        Span<byte> bytes = stackalloc byte[256];
        var start = Encoding.Latin1.GetString(bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)]).TrimStart('\u00ef', '\u00bb', '\u00bf', ' ', '\t', '\r', '\n');
        if (start.Length == 0) throw new RlhfException($"{file}: is empty; download it again");
        if (start.StartsWith("version https://git-lfs", StringComparison.Ordinal))
            throw new RlhfException($"{file}: is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull' or download it");
        if (start.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase))
            throw new RlhfException($"{file}: is a web page, not the file itself; the download failed, download it again");
    }

    private static List<string> Shards(string folder, string index)
    {
        var files = new List<string>();
        try
        {
            using var json = JsonDocument.Parse(SmallFile.ReadBytes(index), new JsonDocumentOptions { MaxDepth = 8 });
            foreach (var entry in json.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                var name = entry.Value.GetString() ?? "";
                if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny('/', '\\'))
                    throw new RlhfException($"{index}: '{name}' is not the name of a file beside the index");
                var file = Path.Combine(folder, name);
                if (files.Contains(file)) continue;
                if (!File.Exists(file)) throw new RlhfException($"{index}: names {name}, which is not there; download it too");
                files.Add(file);
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new RlhfException($"{index}: not an index of shards (an object weight_map of file names): {e.Message}", e);
        }

        return files;
    }
}
