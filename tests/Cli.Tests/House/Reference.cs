namespace Rlhf.Cli.Tests.House;

/// <summary>A file of one namespace that uses a type of another.</summary>
internal sealed record Reference(string From, string To, SourceFile File, string Type)
{
    public override string ToString() => $"{From} → {To} ({File} uses {Type})";

    /// <summary>One for each file and namespace that it uses, by usings, by parts of names, or because it stands in a folder within.</summary>
    public static IReadOnlyList<Reference> Among(IReadOnlyList<SourceFile> files)
    {
        var folders = files.Where(file => file.Namespace is not null).GroupBy(file => file.Namespace!)
            .Select(group => new Folder(group.Key, [.. group.SelectMany(file => file.Types).Distinct().Order(StringComparer.Ordinal)], [.. group.SelectMany(file => file.Extensions).Distinct().Order(StringComparer.Ordinal)]))
            .ToArray();
        return [.. files.SelectMany(file => Of(file, folders))];
    }

    private static IEnumerable<Reference> Of(SourceFile file, Folder[] folders)
    {
        var own = file.Namespace ?? Room.NamespaceAt(file.Path);
        foreach (var other in folders.Where(folder => folder.Name != own))
        {
            var isNamed = file.Usings.Any(name => name == other.Name || other.Types.Any(type => name == $"{other.Name}.{type}"));
            var isAround = own.StartsWith(other.Name + ".", StringComparison.Ordinal);
            var qualifiers = Qualifiers(own, other.Name).ToArray();
            var used = other.Types.FirstOrDefault(type => (isNamed && file.Mentions(type)) || (isAround && file.UsesType(type)) || Array.Exists(qualifiers, qualifier => file.UsesQualified(qualifier, type)))
                ?? other.Extensions.FirstOrDefault(method => isNamed && file.Calls(method));
            if (used is not null) yield return new Reference(own, other.Name, file, used);
        }
    }

    /// <summary>What may stand for a namespace inside another: all of it, or what is left of it behind a part that both share.</summary>
    private static IEnumerable<string> Qualifiers(string own, string other)
    {
        yield return other;
        var parts = own.Split('.');
        for (var count = 1; count < parts.Length; count++)
        {
            var shared = string.Join('.', parts[..count]) + ".";
            if (other.StartsWith(shared, StringComparison.Ordinal)) yield return other[shared.Length..];
        }
    }

    private sealed record Folder(string Name, IReadOnlyList<string> Types, IReadOnlyList<string> Extensions);
}
