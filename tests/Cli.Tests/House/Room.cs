namespace Rlhf.Cli.Tests.House;

/// <summary>A project of the house, and the namespace that its folder stands for.</summary>
internal sealed record Room(string Folder, string Namespace)
{
    /// <summary>The lowest first: each may know those before it.</summary>
    public static IReadOnlyList<Room> All { get; } =
    [
        new("src/Foundation", "Rlhf.Foundation"),
        new("src/Policy", "Rlhf.Policies"),
        new("src/RewardModel", "Rlhf.Rewards"),
        new("src/Rlhf", "Rlhf"),
        new("src/Reports", "Rlhf.Reports"),
        new("src/Cli", "Rlhf.Cli"),
    ];

    /// <summary>The place among the rooms of the one that a namespace belongs to.</summary>
    public static int LevelOf(string name) =>
        All.Index().Where(room => name == room.Item.Namespace || name.StartsWith(room.Item.Namespace + ".", StringComparison.Ordinal)).MaxBy(room => room.Item.Namespace.Length).Index;

    /// <summary>The namespace that belongs to a file's place.</summary>
    public static string NamespaceAt(string path)
    {
        var room = All.First(room => path.StartsWith(room.Folder + "/", StringComparison.Ordinal));
        return string.Join('.', [room.Namespace, .. path[(room.Folder.Length + 1)..].Split('/')[..^1]]);
    }
}
