using System.Text.Json;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

/// <summary>Every family computes what transformers computes: logits, gradients, greedy continuations, files.</summary>
[Collection(nameof(KernelRule))]
public sealed class GoldenFamilyTests
{
    public static TheoryData<string> Names => [.. TestData.Families];

    [Theory, MemberData(nameof(Names))]
    public void Logits_EveryFamily_AreThoseOfTransformers(string name)
    {
        using var golden = Open(name);
        using var scope = NewDisposeScope();
        using var model = ModelFolder.Load(golden.Folder, CPU);
        foreach (var left in (bool[])[false, true]) Expect(golden, model, left);
        using (KernelRule.Suspend()) Expect(golden, model, left: false);
    }

    [Theory, MemberData(nameof(Names))]
    public void Logits_ConfigOfOlderTransformers_AreTheSame(string name)
    {
        using var golden = Open(name);
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        golden.CopyInOlderWords(folder.Path);
        using var model = ModelFolder.Load(folder.Path, CPU);
        Expect(golden, model, left: false);
    }

    [Theory, MemberData(nameof(Names))]
    public void Gradients_EveryFamily_HaveTheNormsOfTransformers(string name)
    {
        using var golden = Open(name);
        foreach (var checkpointing in (bool[])[false, true])
        {
            using var scope = NewDisposeScope();
            using var model = ModelFolder.Load(golden.Folder, CPU);
            model.Trunk.GradientCheckpointing = checkpointing;
            var loss = Loss(golden, model);
            Assert.Equal(golden.Loss, loss.item<float>(), 1e-5 * golden.Loss);
            Autograd.Backward(loss);
            var norms = GradientNorms(model);
            Assert.Equal(golden.GradientNorms.Keys.Order(), norms.Keys.Order());
            foreach (var (parameter, norm) in golden.GradientNorms) Assert.True(Math.Abs(norm - norms[parameter]) <= 1e-4 * Math.Max(norm, 0.05), $"{parameter}: {norms[parameter]} for {norm}");
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Decode_GreedyWithCache_ContinuesAsTransformersDoes(string name)
    {
        using var golden = Open(name);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = ModelFolder.Load(golden.Folder, CPU);
        foreach (var (row, expected) in golden.Rows.Zip(golden.Greedy))
        {
            using var prompt = TokenBatch.RightPadded([row], 0, CPU);
            using var cache = new KeyValueCache(model.Trunk, 1, row.Length + 12);
            var hidden = model.Trunk.Prefill(prompt, cache, tensor((long[])[row.Length - 1])).unsqueeze(1);
            var found = new List<int>();
            for (var i = 0; i < 12; i++)
            {
                var next = model.Logits(hidden).argmax(-1);
                found.Add((int)next.item<long>());
                if (i < 11) hidden = model.Trunk.Decode(next, cache);
            }

            Assert.Equal(expected, found);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Save_ThenLoad_GivesTheSameTensorsAndLogits(string name)
    {
        using var golden = Open(name);
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = ModelFolder.Load(golden.Folder, CPU);
        ModelFolder.Save(model, folder.Path);
        var (original, saved) = (SafetensorsFile.Load(Path.Combine(golden.Folder, "model.safetensors")), SafetensorsFile.Load(Path.Combine(folder.Path, "model.safetensors")));
        Assert.Equal(original.Keys.Order(), saved.Keys.Order());
        foreach (var (key, tensor) in original) Assert.True(tensor.shape.SequenceEqual(saved[key].shape) && tensor.bytes.SequenceEqual(saved[key].bytes), key);
        using var again = ModelFolder.Load(folder.Path, CPU);
        using var batch = golden.Batch();
        Assert.Equal(0, model.Logits(model.Trunk.Hidden(batch)).sub(again.Logits(again.Trunk.Hidden(batch))).abs().max().item<float>());
        Expect(golden, again, left: false);
    }

    // Its configurations have types, and a whole number is none of the real ones.
    [Theory, MemberData(nameof(Names))]
    public void Save_NumbersOfTheConfig_AreWholeOrRealAsTransformersWritesThem(string name)
    {
        using var golden = Open(name);
        using var folder = new TemporaryFolder();
        using (var model = ModelFolder.Load(golden.Folder, CPU)) ModelFolder.Save(model, folder.Path);
        var (theirs, ours) = (Numbers(golden.Folder), Numbers(folder.Path));
        var both = theirs.Keys.Intersect(ours.Keys).ToArray();
        Assert.True(both.Length >= 10);
        Assert.All(both, key => Assert.True(theirs[key] == ours[key], key));
    }

    // By key, whether it is written as a real number.
    private static Dictionary<string, bool> Numbers(string folder)
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
        return config.RootElement.EnumerateObject().SelectMany(one => one.Value.ValueKind == JsonValueKind.Object ? one.Value.EnumerateObject() : (IEnumerable<JsonProperty>)[one])
            .Where(one => one.Value.ValueKind == JsonValueKind.Number).DistinctBy(one => one.Name).ToDictionary(one => one.Name, one => one.Value.GetRawText().AsSpan().IndexOfAny(".eE") >= 0);
    }

    private static GoldenFamily Open(string name)
    {
        Assert.SkipUnless(Directory.Exists(TestData.At("golden", "families")), TestData.Reason);
        return new GoldenFamily(name);
    }

    private static void Expect(GoldenFamily golden, CausalLm model, bool left)
    {
        using var scope = NewDisposeScope();
        using var batch = golden.Batch(left);
        var logits = model.Logits(model.Trunk.Hidden(batch));
        foreach (var (expected, i) in golden.Logits.Select((rows, i) => (rows, i)))
        {
            var first = left ? (int)batch.Length - expected.Length : 0;
            var found = logits[i].narrow(0, first, expected.Length).contiguous().data<float>().ToArray();
            var worst = expected.SelectMany(row => row).Zip(found, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(worst < 5e-5, $"sequence {i}: logits differ by {worst}");
        }
    }

    /// <summary>By the way that training takes.</summary>
    private static Tensor Loss(GoldenFamily golden, CausalLm model)
    {
        using var batch = golden.Batch();
        var places = golden.Rows.SelectMany((row, i) => Enumerable.Range(0, row.Length - 1).Select(at => i * batch.Length + at)).ToArray();
        var targets = tensor(golden.Rows.SelectMany(row => row.Skip(1).Select(id => (long)id)).ToArray());
        return TokenLoss.WeightedNll(model.Trunk.HiddenAt(batch, tensor(places)), model.Head, targets, full([places.Length], 1.0 / places.Length, ScalarType.Float32));
    }

    private static Dictionary<string, double> GradientNorms(CausalLm model)
    {
        var gradients = model.Trunk.named_parameters().ToDictionary(one => one.name, one => one.parameter.grad!);
        var family = ModelFamily.Of(model.Config.Family, "test");
        var norms = new Dictionary<string, double>();
        foreach (var slot in family.Slots(model.Config))
        {
            var rows = slot.Sources.Count == 3
                ? [model.Config.Heads * model.Config.HeadWidth, model.Config.KeyValueHeads * model.Config.HeadWidth, model.Config.KeyValueHeads * model.Config.HeadWidth]
                : Enumerable.Repeat(gradients[slot.Name].shape[0] / slot.Sources.Count, slot.Sources.Count).ToArray();
            foreach (var (source, part) in slot.Sources.Zip(gradients[slot.Name].split(rows, 0))) norms[family.Prefix + source] = part.norm().item<float>();
        }

        if (!model.Config.TiedHead) norms[family.HeadName] = model.HeadWeight.grad!.norm().item<float>();
        return norms;
    }
}
