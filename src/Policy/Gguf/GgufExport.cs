using Rlhf.Foundation.Files;
using Rlhf.Policies.Models;

namespace Rlhf.Policies.Gguf;

/// <summary>A model with its tokenizer in one file, as llama.cpp and what is built on it read it.</summary>
public static class GgufExport
{
    /// <param name="tokenizerFrom">the folder of its tokenizer</param>
    /// <param name="file">written whole or not at all</param>
    public static void Save(CausalLm model, string tokenizerFrom, string file, GgufType type)
    {
        var gguf = new GgufWriter();
        gguf.Add("general.architecture", GgufArchitecture.NameOf(model.Config, tokenizerFrom));
        gguf.Add("general.name", Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(tokenizerFrom))));
        gguf.Add("general.alignment", 32u);
        gguf.Add("general.file_type", type.FileId());
        if (type == GgufType.Q8_0) gguf.Add("general.quantization_version", 2u);
        GgufArchitecture.AddKeys(gguf, model.Config, tokenizerFrom);
        GgufTokenizer.AddTo(gguf, tokenizerFrom, model.Config.Vocabulary);
        GgufTensors.AddTo(gguf, model, type);
        Durable.Write(file, gguf.Write);
    }
}
