namespace Microsoft.ML.Tokenizers;

/// <summary>What a BPE tokenizer is made of.</summary>
public sealed class BpeOptions
{
    public BpeOptions(IEnumerable<KeyValuePair<string, int>> vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        Vocabulary = vocabulary;
    }

    public IEnumerable<KeyValuePair<string, int>> Vocabulary { get; }

    /// <summary>Pairs "left right", best first.</summary>
    public IEnumerable<string>? Merges { get; set; }

    public PreTokenizer? PreTokenizer { get; set; }

    /// <summary>Whether text becomes UTF-8 bytes, written in GPT-2's byte alphabet, before it is looked up.</summary>
    public bool ByteLevel { get; set; }
}
