using System.Text;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>A model that cannot be read: one line, an exit code, and the target of the conversion as it was.</summary>
public sealed class DamagedModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Damages => new()
    {
        { "truncated", "not a whole safetensors file" },
        { "pointer", "is a Git LFS pointer, not the file itself" },
        { "page", "is a web page, not the file itself" },
        { "missing", "the weights lack 'transformer.h.1.attn.c_proj.weight'" },
        { "shape", "'transformer.ln_f.bias' has the shape [3], but config.json calls for [24]" },
        { "type", "model_type 'bloom' is not supported" },
        { "pickle", "the pickle names os.system" },
    };

    [Theory, MemberData(nameof(Damages))]
    public void Convert_DamagedModel_IsOneLineAndOverwritesNothing(string damage, string expected)
    {
        string source = _folder.At("damaged"), target = _folder.At("target");
        using (var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 3, 16), seed: 5))
            foreach (var folder in new[] { source, target }) ModelFolder.Save(model, folder);
        var before = Files(target);
        Damage(source, damage);

        var ending = InProcess.Run("model", "convert", source, target, "dtype=bfloat16");

        Assert.Equal(1, ending.Code);
        Assert.Contains(expected, ending.Error, StringComparison.Ordinal);
        Assert.Equal((1, ""), (ending.Error.Count(letter => letter == '\n'), ending.Output));
        Assert.Equal(before, Files(target));
        Assert.Equal(["damaged", "target"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
    }

    private static Dictionary<string, byte[]> Files(string folder) => Directory.GetFiles(folder).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);

    private static void Damage(string folder, string damage)
    {
        string weights = Path.Combine(folder, "model.safetensors"), config = Path.Combine(folder, "config.json");
        switch (damage)
        {
            case "truncated": File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^100]); break;
            case "pointer": File.WriteAllText(weights, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"); break;
            case "page": File.WriteAllText(weights, "<!DOCTYPE html><html></html>"); break;
            case "missing": Rewrite(weights, state => state.Remove("transformer.h.1.attn.c_proj.weight")); break;
            case "shape": Rewrite(weights, state => state["transformer.ln_f.bias"] = zeros(3)); break;
            case "type": File.WriteAllText(config, File.ReadAllText(config).Replace("\"gpt2\"", "\"bloom\"", StringComparison.Ordinal)); break;
            default:   // a pickle that asks for os.system
                File.Delete(weights);
                File.WriteAllBytes(Path.Combine(folder, "pytorch_model.bin"),
                    Encoding.Latin1.GetBytes("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\r\0\0\0little_endian\x88s.\x80\x02" + "cos\nsystem\n."));
                break;
        }
    }

    private static void Rewrite(string path, Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        var state = SafetensorsFile.Load(path);
        change(state);
        SafetensorsFile.Save(path, state);
    }
}
