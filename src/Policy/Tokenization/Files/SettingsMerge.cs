using Rlhf.Foundation;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Joins what the vocabulary's file says with what the files beside it say.</summary>
internal static class SettingsMerge
{
    private const string Gpt2End = "<|endoftext|>";

    public static TokenizerDefinition Apply(TokenizerDefinition definition, TokenizerSettings settings, string folder)
    {
        var names = Names(definition, settings);
        definition = definition with { AddedTokens = Added(definition, settings, names), ChatTemplate = settings.ChatTemplate };
        var roles = names.ToDictionary(pair => pair.Key, pair => definition.IdOf(pair.Value)
            ?? throw new RlhfException($"{folder}: {pair.Key} is '{pair.Value}', which is no token of {definition.Source}"));
        foreach (var (role, id) in settings.Ids)
            if (!roles.ContainsKey(role) && IsToken(definition, id)) roles.Add(role, id);

        definition = definition with { Roles = roles, Template = Template(definition.Template, settings, roles, folder) };
        return settings.AddPrefixSpace is true && definition.Template == SequenceTemplate.Empty && IsOldLayout(definition)
            ? definition with { Splitting = definition.Splitting with { Start = new SpaceStart() } }
            : definition;
    }

    /// <summary>GPT-2's own files name no special token; its one is BOS and EOS.</summary>
    private static IReadOnlyDictionary<string, string> Names(TokenizerDefinition definition, TokenizerSettings settings)
        => settings.Tokens.Count == 0 && settings.Ids.Count == 0 && IsOldLayout(definition) && definition.Vocabulary.ContainsKey(Gpt2End)
            ? new Dictionary<string, string> { [SpecialRoles.Bos] = Gpt2End, [SpecialRoles.Eos] = Gpt2End }
            : settings.Tokens;

    private static List<AddedToken> Added(TokenizerDefinition definition, TokenizerSettings settings, IReadOnlyDictionary<string, string> names)
    {
        var added = definition.AddedTokens.ToList();
        foreach (var token in settings.AddedTokens)
            if (added.TrueForAll(known => known.Id != token.Id && known.Content != token.Content)) added.Add(token);
        foreach (var name in names.Values)
            if (definition.Vocabulary.TryGetValue(name, out var id) && added.TrueForAll(known => known.Id != id)) added.Add(new AddedToken(name, id));
        return added;
    }

    /// <summary>add_bos_token and add_eos_token, where they are given, overrule the post-processor.</summary>
    private static SequenceTemplate Template(SequenceTemplate template, TokenizerSettings settings, Dictionary<string, int> roles, string folder)
    {
        var before = Override(template.Before, settings.AddBos, SpecialRoles.Bos);
        var after = Override(template.After, settings.AddEos, SpecialRoles.Eos);
        return new SequenceTemplate(before, after);

        IReadOnlyList<int> Override(IReadOnlyList<int> ids, bool? adds, string role)
        {
            if (adds is not { } add) return ids;
            if (!roles.TryGetValue(role, out var id))
                return add ? throw new RlhfException($"{folder}: tokenizer_config.json says add_{role}, but names no {role}") : ids;
            if (!add) return [.. ids.Where(other => other != id)];
            return ids.Contains(id) ? ids : [.. ids, id];
        }
    }

    private static bool IsOldLayout(TokenizerDefinition definition)
        => !definition.Source.EndsWith("tokenizer.json", StringComparison.Ordinal) && definition.Splitting.ByteLevel;

    private static bool IsToken(TokenizerDefinition definition, int id)
        => definition.Vocabulary.ContainsValue(id) || definition.AddedTokens.Any(added => added.Id == id);
}
