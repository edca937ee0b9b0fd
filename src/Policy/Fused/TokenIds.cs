using Rlhf.Foundation;

namespace Rlhf.Policies.Fused;

/// <summary>Token ids as a model knows them.</summary>
internal static class TokenIds
{
    /// <exception cref="RlhfException">The model has no row for it.</exception>
    public static void Want(long token, long vocabulary)
    {
        if ((ulong)token >= (ulong)vocabulary)
            throw new RlhfException($"token {token} is none of the model's {vocabulary}: the tokenizer has tokens that the model has no row for; take them out of the text, or give the model rows for them");
    }
}
