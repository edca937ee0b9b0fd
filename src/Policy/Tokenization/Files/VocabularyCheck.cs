using Rlhf.Foundation;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Refuses vocabularies and merges that cannot be right, before anything is sized by them.</summary>
internal static class VocabularyCheck
{
    // Real vocabularies have few holes; an id far beyond the number of tokens would size tables that nothing fills.
    private const int LargestHoles = 100_000;

    public static void Check(TokenizerDefinition definition)
    {
        var source = definition.Source;
        var tokens = definition.Vocabulary;
        if (tokens.Count == 0) throw new RlhfException($"{source}: the vocabulary is empty");

        var byId = new Dictionary<int, string>(tokens.Count);
        foreach (var (token, id) in tokens)
        {
            if (id < 0 || id > tokens.Count + (long)LargestHoles)
                throw new RlhfException($"{source}: token '{Shown(token)}' has id {id} in a vocabulary of {tokens.Count} tokens; ids run from 0 up");
            if (!byId.TryAdd(id, token))
                throw new RlhfException($"{source}: tokens '{Shown(byId[id])}' and '{Shown(token)}' have the same id {id}");
        }

        CheckMerges(definition);
        foreach (var added in definition.AddedTokens) CheckAdded(added, definition, byId);
        if (definition.Splitting.ByteLevel) CheckBytes(definition);
        if (definition.UnknownToken is { } unknown && !tokens.ContainsKey(unknown))
            throw new RlhfException($"{source}: the unknown token '{Shown(unknown)}' is not in the vocabulary");
    }

    private static void CheckMerges(TokenizerDefinition definition)
    {
        var tokens = definition.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        var seen = new HashSet<string>(definition.Merges.Count);
        Span<char> joined = new char[definition.Merges.Select(merge => merge.Length).DefaultIfEmpty().Max()];
        for (var rank = 0; rank < definition.Merges.Count; rank++)
        {
            var merge = definition.Merges[rank].AsSpan();
            var space = merge.IndexOf(' ');
            if (space <= 0 || space == merge.Length - 1 || merge[(space + 1)..].Contains(' '))
                throw new RlhfException($"{definition.Source}: merge {rank} is '{Shown(merge)}', expected two tokens without spaces, parted by one space");

            merge[..space].CopyTo(joined);
            merge[(space + 1)..].CopyTo(joined[space..]);
            if (!tokens.ContainsKey(merge[..space])) throw Unknown(definition, rank, merge[..space]);
            if (!tokens.ContainsKey(merge[(space + 1)..])) throw Unknown(definition, rank, merge[(space + 1)..]);
            if (!tokens.ContainsKey(joined[..(merge.Length - 1)])) throw Unknown(definition, rank, joined[..(merge.Length - 1)]);
            if (!seen.Add(definition.Merges[rank])) throw new RlhfException($"{definition.Source}: merge '{Shown(merge)}' is listed twice");
        }
    }

    private static RlhfException Unknown(TokenizerDefinition definition, int rank, ReadOnlySpan<char> token)
        => new($"{definition.Source}: merge {rank} ('{Shown(definition.Merges[rank])}') needs the token '{Shown(token)}', which is not in the vocabulary");

    private static void CheckAdded(AddedToken added, TokenizerDefinition definition, Dictionary<int, string> byId)
    {
        if (added.Content.Length == 0) throw new RlhfException($"{definition.Source}: the added token with id {added.Id} is empty");
        if (added.Id > definition.Vocabulary.Count + (long)LargestHoles)
            throw new RlhfException($"{definition.Source}: the added token '{Shown(added.Content)}' has id {added.Id} beside a vocabulary of {definition.Vocabulary.Count} tokens; ids run from 0 up");
        if (definition.Vocabulary.TryGetValue(added.Content, out var id) && id != added.Id)
            throw new RlhfException($"{definition.Source}: the added token '{Shown(added.Content)}' has id {added.Id}, but id {id} in the vocabulary");
        if (!byId.TryAdd(added.Id, added.Content) && byId[added.Id] != added.Content)
            throw new RlhfException($"{definition.Source}: the added token '{Shown(added.Content)}' and the token '{Shown(byId[added.Id])}' have the same id {added.Id}");
    }

    private static void CheckBytes(TokenizerDefinition definition)
    {
        for (var value = 0; value < 256; value++)
        {
            var letter = ByteLetters.Letter((byte)value).ToString();
            if (!definition.Vocabulary.ContainsKey(letter) && definition.UnknownToken is null)
                throw new RlhfException($"{definition.Source}: the byte-level vocabulary has no token for byte 0x{value:X2} ('{letter}'), so that some texts could not be encoded");
        }
    }

    private static string Shown(ReadOnlySpan<char> text) => (text.Length <= 40 ? text.ToString() : $"{text[..40]}…").ReplaceLineEndings(" ");
}
