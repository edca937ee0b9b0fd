using Rlhf.Policies.Tokenization;

namespace Rlhf.Policies.Tests.Tokenization;

/// <summary>Hugging Face's own tokenizers library beside ours, over the same file.</summary>
internal sealed class HuggingFaceIds : IDisposable
{
    private readonly Tokenizers.DotNet.Tokenizer _theirs;
    private readonly TextTokenizer _ours;
    private readonly bool _hasSpecials;

    public HuggingFaceIds(string folder)
    {
        _theirs = new Tokenizers.DotNet.Tokenizer(Path.Combine(folder, "tokenizer.json"));
        _ours = TextTokenizer.Load(folder);
        _hasSpecials = Theirs("a").Length != _ours.Encode("a").Length;
    }

    /// <summary>What differs, or null.</summary>
    public string? Difference(string text)
    {
        int[] theirs = Theirs(text), ours = _hasSpecials ? _ours.EncodeWithSpecials(text) : _ours.Encode(text);
        return theirs.AsSpan().SequenceEqual(ours) ? null : $"{System.Text.Json.JsonSerializer.Serialize(text)}: [{string.Join(", ", ours)}] for [{string.Join(", ", theirs)}]";
    }

    public void Dispose() => _theirs.Dispose();

    private int[] Theirs(string text) => [.. _theirs.Encode(text).Select(id => (int)id)];
}
