using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Reads the older layouts: vocab.json with merges.txt (byte-level BPE as GPT-2's), and one character per token.</summary>
internal static class VocabularyFiles
{
    public static TokenizerDefinition ReadByteLevel(string vocabularyPath, string mergesPath)
    {
        return new TokenizerDefinition
        {
            Source = vocabularyPath,
            Vocabulary = JsonFile.Read(vocabularyPath, TokenizerJson.Vocabulary),
            Merges = ReadMerges(mergesPath),
            Splitting = new WordSplitting { ByteLevel = true, Splitters = [new RegexSplitter(SplitPattern.Gpt2(), MatchBehavior.Isolated)] },
            Decoding = new ByteLevelText(),
        };
    }

    public static TokenizerDefinition ReadCharacters(string path) => new()
    {
        Source = path,
        Vocabulary = JsonFile.Read(path, TokenizerJson.Vocabulary),
        Merges = [],
    };

    private static List<string> ReadMerges(string path)
    {
        try
        {
            // Only the head of the file may be a comment: '#' is also a letter that merges.
            return [.. File.ReadLines(path).Where((line, index) => line.Length > 0 && !(index == 0 && line.StartsWith("#version", StringComparison.Ordinal)))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RlhfException($"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ")})", error);
        }
    }
}
