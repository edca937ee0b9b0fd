using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.Tokenizers;

/// <summary>How a text is encoded.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "The package's struct has no equality either.")]
public struct EncodeSettings
{
    public bool ConsiderNormalization { get; set; }

    public bool ConsiderPreTokenization { get; set; }
}

/// <summary>What encoding gave.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "The package's struct has no equality either.")]
public struct EncodeResults<T>
{
    public IReadOnlyList<T> Tokens { get; set; }
}
