using System.Security.Cryptography;
using System.Text.Json;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Checkpoints;

/// <summary>What is saved, read by a few lines of Python that know the format's description and nothing of this code.</summary>
public sealed class OtherSoftwareTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama_gqa")]
    [InlineData("gpt_neox")]
    public void Save_ModelOfTransformers_HasTheBytesOfTheOriginalForPython(string name)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var folder = new TemporaryFolder();
        using var model = ModelFolder.Load(TestData.At("golden", name), CPU);
        ModelFolder.Save(model, folder.Path);
        var original = PythonTorch.Peer("tensors", TestData.At("golden", name, "model.safetensors"));
        var saved = PythonTorch.Peer("tensors", folder.At("model.safetensors")).EnumerateObject().ToArray();
        Assert.True(saved.Length > 20);
        Assert.All(saved, tensor => Assert.Equal(original.GetProperty(tensor.Name).GetRawText(), tensor.Value.GetRawText()));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, "torch.bfloat16")]
    [InlineData(ScalarType.Float16, "torch.float16")]
    public void Save_NarrowerType_IsThatTypeForPythonBitwise(ScalarType type, string python)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = ModelFolder.Load(TestData.At("models", "stories260K"), CPU);
        ModelFolder.Save(model, folder.Path, new SaveOptions { Type = type });
        var original = SafetensorsFile.Load(TestData.At("models", "stories260K", "model.safetensors"));
        Assert.All(PythonTorch.Peer("tensors", folder.At("model.safetensors")).EnumerateObject(), tensor =>
        {
            Assert.Equal(python, tensor.Value.GetProperty("dtype").GetString());
            var expected = SHA256.HashData(original[tensor.Name].to(type).bytes);
            Assert.Equal(Convert.ToHexStringLower(expected), tensor.Value.GetProperty("sha256").GetString());
        });
    }

    [Theory]
    [InlineData("models", "stories260K", null)]
    [InlineData("models", "stories260K", ScalarType.BFloat16)]
    [InlineData("golden", "gpt2", null)]
    public void Save_ModelInPlainPyTorch_HasOurLogits(string kind, string name, ScalarType? type)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var folder = new TemporaryFolder();
        using (var model = ModelFolder.Load(TestData.At(kind, name), CPU)) ModelFolder.Save(model, folder.Path, new SaveOptions { Type = type });
        using var saved = ModelFolder.Load(folder.Path, CPU);
        long[] row = [1, 40, 17, 26, 37, 8, 30, 3];
        using var tokens = new Rlhf.Policies.Models.TokenBatch(tensor(row, [1, row.Length]), ones([1, row.Length], ScalarType.Bool));
        var peer = PythonTorch.Peer("logits", folder.Path, JsonSerializer.Serialize(new[] { row })).Deserialize<float[][][]>()!;
        var ours = saved.Logits(saved.Trunk.Hidden(tokens));
        Expect.Close(tensor(peer[0].SelectMany(logits => logits).ToArray()), ours.flatten(), 1e-5);
    }
}
