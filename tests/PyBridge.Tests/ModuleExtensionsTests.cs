using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace PyBridge.Tests;

public sealed class ModuleExtensionsTests
{
    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("pytorch_model.bin")]
    public void LoadCheckpoint_SavedModule_IsTheSameBitwise(string name)
    {
        using var folder = new TemporaryFolder();
        using var saved = nn.Linear(3, 2);
        using var loaded = nn.Linear(3, 2);
        if (name.EndsWith(".bin", StringComparison.Ordinal)) saved.save_py(folder.File(name));
        else saved.save_safetensors(folder.File(name));
        loaded.load_checkpoint(folder.Path);
        Assert.Equal(saved.weight.bytes.ToArray(), loaded.weight.bytes.ToArray());
        Assert.Equal(saved.bias!.bytes.ToArray(), loaded.bias!.bytes.ToArray());
    }

    [Fact]
    public void LoadSafetensors_NotStrict_ReportsWhatWasLoaded()
    {
        using var folder = new TemporaryFolder();
        using var module = nn.Linear(2, 1);
        Safetensors.SaveStateDict(folder.File("w"), new() { ["weight"] = ones(1, 2), ["other"] = ones(1) });
        var seen = new Dictionary<string, bool>();
        Assert.ThrowsAny<InvalidOperationException>(() => module.load_safetensors(folder.File("w")));
        module.load_safetensors(folder.File("w"), strict: false, loadedParameters: seen);
        Assert.Equal([1f, 1f], module.weight.data<float>().ToArray());
        Assert.True(seen["weight"]);
        Assert.False(seen["other"]);
    }

    [Fact]
    public void SaveSafetensors_Skip_LeavesTheNamesOut()
    {
        using var folder = new TemporaryFolder();
        using var module = nn.Linear(2, 1);
        module.save_safetensors(folder.File("w"), skip: ["bias"]);
        Assert.Equal(["weight"], Safetensors.LoadStateDict(folder.File("w")).Keys);
    }

    [Fact]
    public void LoadCheckpoint_Shards_AreGatheredByTheIndex()
    {
        using var folder = new TemporaryFolder();
        using var module = nn.Linear(2, 1);
        Safetensors.SaveStateDict(folder.File("a.safetensors"), new() { ["weight"] = full([1, 2], 3) });
        Safetensors.SaveStateDict(folder.File("b.safetensors"), new() { ["bias"] = full([1], 4) });
        File.WriteAllText(folder.File("model.safetensors.index.json"), """{"weight_map":{"weight":"a.safetensors","bias":"b.safetensors"}}""");
        module.load_checkpoint(folder.Path, useTqdm: false);
        Assert.Equal([3f, 3f], module.weight.data<float>().ToArray());
        Assert.Equal(4f, module.bias!.item<float>());
    }

    [Theory]
    [InlineData("../secret.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("a\\\\b.safetensors")]
    [InlineData("")]
    public void LoadCheckpoint_IndexThatLeavesTheFolder_IsRefused(string shard)
    {
        using var folder = new TemporaryFolder();
        using var module = nn.Linear(2, 1);
        File.WriteAllText(folder.File("model.safetensors.index.json"), $$$"""{"weight_map":{"weight":"{{{shard}}}"}}""");
        var error = Assert.Throws<InvalidDataException>(() => module.load_checkpoint(folder.Path));
        Assert.Contains("not the name of a file beside the index", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadCheckpoint_NameThatIsAPath_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var module = nn.Linear(2, 1);
        Assert.Throws<ArgumentException>(() => module.load_checkpoint(folder.Path, "../model.safetensors"));
    }
}
