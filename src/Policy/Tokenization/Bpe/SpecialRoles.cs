namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>The roles that special tokens have in Hugging Face's files.</summary>
internal static class SpecialRoles
{
    public const string Bos = "bos_token";
    public const string Eos = "eos_token";
    public const string Pad = "pad_token";

    public static IReadOnlyList<string> All { get; } = [Bos, Eos, Pad];
}
