using System.Text;
using System.Text.RegularExpressions;
using Rlhf.Foundation;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Files;
using Rlhf.Policies.Tokenization.Pieces;

namespace Rlhf.Policies.Tokenization;

/// <summary>
/// The tokenizer of a model folder: text to ids and back. Added tokens are found first, then the text between them is
/// normalized, split into words and merged. Safe to use from several threads.
/// </summary>
/// <remarks>
/// A lone surrogate, which is no Unicode text, is encoded as U+FFFD. A byte-level tokenizer gives every other text back
/// exactly, as long as it normalizes nothing; nothing is "cleaned up" on the way back.
/// </remarks>
public sealed class TextTokenizer
{
    private readonly TokenizerDefinition _definition;
    private readonly string _folder;
    private readonly WordModel _model;
    private readonly AddedTokenTrie _added;
    private readonly AddedTokenTrie? _addedNormalized;
    private readonly string?[] _tokens;
    private readonly bool[] _special;

    internal TextTokenizer(TokenizerDefinition definition, string folder)
    {
        _definition = definition;
        _folder = folder;
        _model = definition switch
        {
            { WordPiece: not null } => new WordPieceModel(definition),
            { Unigram: not null } => new UnigramModel(definition),
            _ => new BpeModel(definition),
        };
        var inNormalized = definition.Normalizer is { } normalizer
            ? definition.AddedTokens.Where(token => token.Normalized).Select(token => token with { Content = normalizer.Apply(token.Content) }).ToList()
            : [];
        _added = new AddedTokenTrie(definition.AddedTokens.ExceptBy(inNormalized.Select(token => token.Id), token => token.Id));
        if (inNormalized.Count > 0) _addedNormalized = new AddedTokenTrie(inNormalized);

        VocabularySize = 1 + Math.Max(definition.Vocabulary.Values.Max(), definition.AddedTokens.Select(token => token.Id).DefaultIfEmpty().Max());
        _tokens = new string?[VocabularySize];
        _special = new bool[VocabularySize];
        foreach (var (token, id) in definition.Vocabulary) _tokens[id] = token;
        foreach (var token in definition.AddedTokens)
        {
            _tokens[token.Id] = token.Content;
            _special[token.Id] = token.Special;
        }
    }

    /// <summary>One more than the highest id; some ids below may be no token.</summary>
    public int VocabularySize { get; }

    public int? Bos => Role(SpecialRoles.Bos);

    public int? Eos => Role(SpecialRoles.Eos);

    public int? Pad => Role(SpecialRoles.Pad);

    /// <summary>What to fill batches with: masked everywhere, so that any id will do.</summary>
    public int PadOrEos => Pad ?? Eos ?? 0;

    /// <exception cref="RlhfException">The model has no row for a token that texts are made of. One that was only added, such as a pad token, may be missing.</exception>
    public void WantFit(int rows)
    {
        var last = _definition.Vocabulary.Values.Max();
        if (last >= rows) throw new RlhfException($"{_folder}: the tokenizer gives ids up to {last}, but the model's vocabulary has {rows}; use the tokenizer that the model was trained with");
    }

    /// <summary>The chat template that came with the tokenizer (Jinja), or null.</summary>
    public string? ChatTemplateText => _definition.ChatTemplate;

    /// <summary>Reads tokenizer.json, or vocab.json with merges.txt, and the configuration beside it.</summary>
    public static TextTokenizer Load(string folder) => new(TokenizerFolder.Read(folder), folder);

    /// <summary>The ids of a text. Special tokens written in it are recognised; none is added.</summary>
    public int[] Encode(string text) => Encode(text, SpecialTokensInText.AreTokens);

    /// <summary>The ids of a text in which special tokens are mere text: for what users wrote.</summary>
    public int[] EncodeOrdinary(string text) => Encode(text, SpecialTokensInText.AreText);

    /// <summary>The ids of a text with what the model expects around it (BOS, for most Llamas).</summary>
    public int[] EncodeWithSpecials(string text) => [.. _definition.Template.Before, .. Encode(text), .. _definition.Template.After];

    /// <summary>The text of ids. Special tokens, and ids that are no token, have none.</summary>
    public string Decode(IEnumerable<int> ids)
    {
        var decoder = StartDecoding();
        var text = new StringBuilder();
        foreach (var id in ids) text.Append(decoder.Append(id));
        return text.Append(decoder.Finish()).ToString();
    }

    /// <summary>Decodes token by token from where a text begins.</summary>
    public StreamingDecoder StartDecoding() => new(this, _definition.Decoding, _definition.Decoding.LeadingSpaces);

    /// <summary>Decodes token by token what continues a text: a leading space is kept.</summary>
    public StreamingDecoder ContinueDecoding() => new(this, _definition.Decoding, spacesToDrop: 0);

    public string? IdToToken(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>Whether every id is the same token in both, so that token ids of one may be given to a model of the other.</summary>
    public bool HasSameTokens(TextTokenizer other) =>
        ReferenceEquals(this, other) || (Eos == other.Eos && _tokens.AsSpan().SequenceEqual(other._tokens));

    public int? TokenToId(string token) => _definition.IdOf(token);

    /// <summary>Texts of the special tokens.</summary>
    internal IReadOnlyList<string> SpecialTokens => [.. _definition.AddedTokens.Where(token => token.Special).Select(token => token.Content)];

    /// <summary>Texts of the special tokens that have a role, by the names that chat templates know them by.</summary>
    internal IReadOnlyDictionary<string, string> SpecialNames
    {
        get
        {
            var names = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (role, id) in _definition.Roles) if (IdToToken(id) is { } text) names[role] = text;
            if (_definition.UnknownToken is { } unknown) names["unk_token"] = unknown;
            return names;
        }
    }

    /// <summary>Whether an id is a special token, which decoding drops.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];

    public TokenizerInfo Describe() => TokenizerInfo.Of(this, _definition);

    /// <summary>Copies the tokenizer's files, unchanged, into a model folder.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        if (Path.GetFullPath(folder) == Path.GetFullPath(_folder)) return;
        TokenizerFolder.Carry(_folder, folder);
    }

    private int? Role(string role) => _definition.Roles.TryGetValue(role, out var id) ? id : null;

    private int[] Encode(string text, SpecialTokensInText specials)
    {
        text = WithoutLoneSurrogates(text);
        var ids = new List<int>(text.Length / 3 + 8);
        try
        {
            foreach (var segment in _added.Split(text, specials))
            {
                if (segment.Token is { } token) ids.Add(token.Id);
                else EncodeSegment(text[segment.Start..segment.End], segment.Start, specials, ids);
            }
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new RlhfException($"{_definition.Source}: its pattern needs more than {error.MatchTimeout.TotalMilliseconds} ms for one word; the pattern is not usable", error);
        }

        return [.. ids];
    }

    private void EncodeSegment(string text, int position, SpecialTokensInText specials, List<int> ids)
    {
        if (_definition.Normalizer is { } normalizer) text = normalizer.Apply(text);
        if (_addedNormalized is null)
        {
            EncodeWords(text, position, ids);
            return;
        }

        foreach (var segment in _addedNormalized.Split(text, specials))
        {
            if (segment.Token is { } token) ids.Add(token.Id);
            else EncodeWords(text[segment.Start..segment.End], position + segment.Start, ids);
        }
    }

    private void EncodeWords(string text, int position, List<int> ids)
    {
        if (text.Length == 0) return;
        text = _definition.Splitting.Start.Prepare(text, position);
        foreach (var word in _definition.Splitting.Split(text)) _model.Encode(text.AsSpan(word.Start, word.Length), ids);
    }

    private static string WithoutLoneSurrogates(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0) return text;
        var whole = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) whole.Append(rune.ToString());
        return whole.ToString();
    }
}
