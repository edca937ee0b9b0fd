using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Checkpoints;

/// <summary>Turns our parameters back into a checkpoint's tensors and writes them as safetensors, in shards where they are large.</summary>
internal static class WeightWriter
{
    /// <summary>The trunk's tensors under the family's names, as views where the layout allows it; adapters are merged in.</summary>
    public static Dictionary<string, Tensor> Tensors(Transformer trunk)
    {
        var (config, family) = (trunk.Config, ModelFamily.Of(trunk.Config.Family, "model"));
        var state = trunk.state_dict();
        foreach (var (name, projection) in trunk.Projections()) state[$"{name}.weight"] = projection.WholeWeight();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var slot in family.Slots(config))
        {
            var whole = state[slot.Name].detach();
            if (slot.Layout == WeightLayout.HeadByHead) whole = WeightReader.ByHead(whole, config);
            if (slot.Layout == WeightLayout.Transposed && whole.dim() == 2) whole = whole.t();
            var start = 0L;
            foreach (var (name, rows) in slot.Sources.Zip(Rows(slot, config, whole.shape[0])))
            {
                tensors[family.Prefix + name] = slot.Sources.Count == 1 ? whole : whole.narrow(0, start, rows);
                start += rows;
            }
        }

        return tensors;
    }

    public static void Write(string folder, Dictionary<string, Tensor> tensors, ScalarType type, long maxShardBytes)
    {
        var shards = Split(tensors, type, maxShardBytes);
        if (shards.Count == 1)
        {
            Store(Path.Combine(folder, "model.safetensors"), shards[0], type);
            return;
        }

        var map = new JsonObject();
        for (var i = 0; i < shards.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors");
            Store(Path.Combine(folder, name), shards[i], type);
            foreach (var key in shards[i].Keys) map[key] = name;
        }

        var total = tensors.Values.Sum(tensor => tensor.numel()) * SizeOf(type);
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = total }, ["weight_map"] = map };
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private static void Store(string path, Dictionary<string, Tensor> tensors, ScalarType type)
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Save(path, tensors.ToDictionary(pair => pair.Key, pair => pair.Value.to(type).contiguous()));
    }

    private static List<Dictionary<string, Tensor>> Split(Dictionary<string, Tensor> tensors, ScalarType type, long maxShardBytes)
    {
        var shards = new List<Dictionary<string, Tensor>> { new(StringComparer.Ordinal) };
        var room = maxShardBytes;
        foreach (var (name, tensor) in tensors)
        {
            var bytes = tensor.numel() * SizeOf(type);
            if (bytes > room && shards[^1].Count > 0)
            {
                shards.Add(new(StringComparer.Ordinal));
                room = maxShardBytes;
            }

            shards[^1].Add(name, tensor);
            room -= bytes;
        }

        return shards;
    }

    // Queries, keys and values, or gate and up: the parts of a fused matrix.
    private static long[] Rows(WeightSlot slot, TransformerConfig config, long rows) => slot.Sources.Count switch
    {
        1 => [rows],
        3 => [config.Heads * config.HeadWidth, config.KeyValueHeads * config.HeadWidth, config.KeyValueHeads * config.HeadWidth],
        var parts => [.. Enumerable.Repeat(rows / parts, parts)],
    };

    private static long SizeOf(ScalarType type) => type is ScalarType.BFloat16 or ScalarType.Float16 ? 2 : 4;
}
