using System.Globalization;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>What the files beside the vocabulary say: special tokens by name, BOS and EOS rules, the chat template.</summary>
internal sealed record TokenizerSettings
{
    private static readonly string[] ConfigurationFiles = ["generation_config.json", "config.json"];

    /// <summary>Special tokens by role: bos_token, eos_token, pad_token.</summary>
    public IReadOnlyDictionary<string, string> Tokens { get; init; } = new Dictionary<string, string>();

    /// <summary>Ids by role from the model's configuration, for roles that no token is named for.</summary>
    public IReadOnlyDictionary<string, int> Ids { get; init; } = new Dictionary<string, int>();

    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    public bool? AddBos { get; init; }

    public bool? AddEos { get; init; }

    public bool? AddPrefixSpace { get; init; }

    public string? ChatTemplate { get; init; }

    public static TokenizerSettings Read(string folder)
    {
        var tokens = new Dictionary<string, string>();
        var settings = JsonFile.ReadIfPresent(Path.Combine(folder, "tokenizer_config.json"), root => FromConfig(root, tokens)) ?? new TokenizerSettings();
        JsonFile.ReadIfPresent(Path.Combine(folder, "special_tokens_map.json"), root => AddTokens(root, tokens));
        var ids = new Dictionary<string, int>();
        foreach (var name in ConfigurationFiles) JsonFile.ReadIfPresent(Path.Combine(folder, name), root => AddIds(root, ids));

        var template = Path.Combine(folder, "chat_template.jinja");
        return settings with
        {
            Tokens = tokens,
            Ids = ids,
            ChatTemplate = File.Exists(template) ? SmallFile.ReadText(template) : settings.ChatTemplate,
        };
    }

    private static TokenizerSettings FromConfig(JsonPlace root, Dictionary<string, string> tokens)
    {
        AddTokens(root, tokens);
        return new TokenizerSettings
        {
            AddBos = root.Optional("add_bos_token")?.Flag(),
            AddEos = root.Optional("add_eos_token")?.Flag(),
            AddPrefixSpace = root.Optional("add_prefix_space")?.Flag(),
            AddedTokens = root.Optional("added_tokens_decoder") is { } added ? [.. added.Members().Select(Added)] : [],
            ChatTemplate = root.Optional("chat_template") is { } template ? DefaultTemplate(template) : null,
        };
    }

    private static AddedToken Added((string Id, JsonPlace Token) member)
        => int.TryParse(member.Id, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? AddedTokenJson.Read(member.Token, id)
            : throw new RlhfException($"{member.Token.File}: {member.Token.Key}: the key is no token id");

    private static Dictionary<string, string> AddTokens(JsonPlace root, Dictionary<string, string> tokens)
    {
        foreach (var role in SpecialRoles.All)
        {
            if (root.Optional(role) is not { } token) continue;
            tokens.TryAdd(role, token.Value.ValueKind == JsonValueKind.Object ? token.Required("content").Text() : token.Text());
        }

        return tokens;
    }

    /// <summary>Ids may be a list (several EOS tokens), of which the first is the one to train with.</summary>
    private static Dictionary<string, int> AddIds(JsonPlace root, Dictionary<string, int> ids)
    {
        foreach (var role in SpecialRoles.All)
        {
            if (root.Optional($"{role}_id") is not { } place) continue;
            var first = place.Value.ValueKind == JsonValueKind.Array ? place.Items().FirstOrDefault() : place;
            if (first.File is not null && first.Value.ValueKind == JsonValueKind.Number && first.Value.TryGetInt32(out var id) && id >= 0) ids.TryAdd(role, id);
        }

        return ids;
    }

    /// <summary>One template, or a list of {name, template} of which "default" counts.</summary>
    private static string? DefaultTemplate(JsonPlace place)
    {
        if (place.Value.ValueKind == JsonValueKind.String) return place.Text();
        return place.Items().FirstOrDefault(item => item.Required("name").Text() == "default") is { File: not null } named
            ? named.Required("template").Text()
            : null;
    }
}
