namespace Microsoft.ML.Tokenizers;

/// <summary>Text to token ids.</summary>
public abstract class Tokenizer
{
    public virtual PreTokenizer? PreTokenizer => null;

    /// <summary>Encodes <paramref name="text"/>, or <paramref name="textSpan"/> where it is null.</summary>
    protected abstract EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings);

    public IReadOnlyList<int> EncodeToIds(string text, bool considerPreTokenization = true, bool considerNormalization = true)
        => EncodeToIds(text, [], Settings(considerPreTokenization, considerNormalization)).Tokens;

    public IReadOnlyList<int> EncodeToIds(ReadOnlySpan<char> text, bool considerPreTokenization = true, bool considerNormalization = true)
        => EncodeToIds(null, text, Settings(considerPreTokenization, considerNormalization)).Tokens;

    private static EncodeSettings Settings(bool preTokenization, bool normalization)
        => new() { ConsiderPreTokenization = preTokenization, ConsiderNormalization = normalization };
}
