using Rlhf.Foundation;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Finds out in which layout a folder holds its tokenizer, and reads it.</summary>
internal static class TokenizerFolder
{
    /// <summary>Files that belong to a tokenizer, in any layout.</summary>
    private static readonly string[] s_files =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
        "vocab.json", "merges.txt", "encoder.json", "vocab.bpe", "char_vocab.json", "tokenizer.model",
    ];

    /// <summary>Copies a folder's tokenizer files into another.</summary>
    public static void Carry(string from, string to)
    {
        foreach (var name in s_files)
        {
            var file = Path.Combine(from, name);
            if (File.Exists(file)) File.Copy(file, Path.Combine(to, name), overwrite: true);
        }
    }

    public static TokenizerDefinition Read(string folder)
    {
        if (!Directory.Exists(folder)) throw new RlhfException($"{folder}: there is no such folder; give the folder that holds tokenizer.json");
        var settings = TokenizerSettings.Read(folder);
        var definition = SettingsMerge.Apply(ReadLayout(folder), settings, folder);
        VocabularyCheck.Check(definition);
        return definition;
    }

    private static TokenizerDefinition ReadLayout(string folder)
    {
        string At(string name) => Path.Combine(folder, name);
        if (File.Exists(At("tokenizer.json"))) return TokenizerJson.Read(At("tokenizer.json"));
        if (File.Exists(At("vocab.json")) && File.Exists(At("merges.txt"))) return VocabularyFiles.ReadByteLevel(At("vocab.json"), At("merges.txt"));
        if (File.Exists(At("encoder.json")) && File.Exists(At("vocab.bpe"))) return VocabularyFiles.ReadByteLevel(At("encoder.json"), At("vocab.bpe"));
        if (File.Exists(At("char_vocab.json"))) return VocabularyFiles.ReadCharacters(At("char_vocab.json"));
        throw new RlhfException(File.Exists(At("tokenizer.model"))
            ? $"{folder}: holds only tokenizer.model; convert it to tokenizer.json (transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…))"
            : $"{folder}: holds no tokenizer (tokenizer.json, vocab.json with merges.txt, encoder.json with vocab.bpe, or char_vocab.json)");
    }
}
