using System.Text.Json;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

/// <summary>A folder of golden/families: a tiny model, and what transformers computes with it.</summary>
internal sealed class GoldenFamily : IDisposable
{
    private readonly JsonDocument _json;

    public GoldenFamily(string name)
    {
        Folder = TestData.At("golden", "families", name);
        _json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "golden.json")));
    }

    public string Folder { get; }

    /// <summary>The sequences without their padding.</summary>
    public int[][] Rows => [.. Get<int[][]>("input_ids").Zip(Get<int[]>("lengths"), (ids, length) => ids[..length])];

    public float[][][] Logits => Get<float[][][]>("logits");

    public int[][] Greedy => Get<int[][]>("greedy");

    public double Loss => Get<double>("mean_loss");

    public Dictionary<string, double> GradientNorms => Get<Dictionary<string, double>>("gradient_norms");

    /// <summary>The folder in the words of transformers before 5.</summary>
    public void CopyInOlderWords(string to)
    {
        File.Copy(Path.Combine(Folder, "config.hub.json"), Path.Combine(to, "config.json"));
        File.Copy(Path.Combine(Folder, "model.safetensors"), Path.Combine(to, "model.safetensors"));
    }

    public TokenBatch Batch(bool left = false) => left ? TokenBatch.LeftPadded(Rows, 0, CPU) : TokenBatch.RightPadded(Rows, 0, CPU);

    public void Dispose() => _json.Dispose();

    private T Get<T>(string name) => _json.RootElement.GetProperty(name).Deserialize<T>()!;
}
