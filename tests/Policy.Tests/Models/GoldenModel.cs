using System.Text.Json;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

/// <summary>One of the folders of numbers computed by transformers on PyTorch.</summary>
internal sealed class GoldenModel : IDisposable
{
    private readonly JsonDocument _json;

    public GoldenModel(string name)
    {
        Folder = TestData.At("golden", name);
        _json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "golden.json")));
    }

    public string Folder { get; }

    public JsonElement Train => _json.RootElement.GetProperty("train");

    public GoldenBatch Batch(string name) => new(_json.RootElement.GetProperty(name));

    public void Dispose() => _json.Dispose();
}

internal sealed class GoldenBatch(JsonElement json)
{
    public int[][] InputIds => json.GetProperty("input_ids").Deserialize<int[][]>()!;
    public int[][] Mask => json.GetProperty("attention_mask").Deserialize<int[][]>()!;
    public float[][][] LogitsOfFirstRows => json.GetProperty("logits_first3").Deserialize<float[][][]>()!;
    public double[][] LogitSums => json.GetProperty("logits_sum_per_position").Deserialize<double[][]>()!;
    public double[][] LogitAbsoluteSums => json.GetProperty("logits_abs_sum_per_position").Deserialize<double[][]>()!;
    public double[][] NextTokenLogProbs => json.GetProperty("next_token_logprobs").Deserialize<double[][]>()!;
    public int[][] NextTokenValid => json.GetProperty("next_token_logprobs_valid").Deserialize<int[][]>()!;
    public int[][] Greedy => json.GetProperty("greedy_12").Deserialize<int[][]>()!;
    public double Loss => json.GetProperty("hf_loss_mean_over_shifted_labels_pad_minus100").GetDouble();

    /// <summary>The rows without their padding.</summary>
    public int[][] Rows => [.. InputIds.Zip(Mask, (ids, mask) => ids.Where((_, i) => mask[i] == 1).ToArray())];

    public TokenBatch Tokens()
    {
        long[] shape = [InputIds.Length, InputIds[0].Length];
        return new TokenBatch(
            tensor(InputIds.SelectMany(row => row.Select(id => (long)id)).ToArray(), shape),
            tensor(Mask.SelectMany(row => row.Select(m => m == 1)).ToArray(), shape));
    }
}
