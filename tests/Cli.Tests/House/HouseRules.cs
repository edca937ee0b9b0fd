namespace Rlhf.Cli.Tests.House;

/// <summary>What holds of the sources: a namespace is its folder, rooms know only those below, and no folders know each other in a circle.</summary>
internal sealed class HouseRules(IReadOnlyList<SourceFile> files)
{
    private readonly IReadOnlyList<Reference> _references = Reference.Among(files);

    public static HouseRules OfTheRepository() => new(
    [
        .. Room.All.SelectMany(room => Directory.EnumerateFiles(Path.Combine(TestData.Repository, room.Folder), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(TestData.Repository, path))
            .Where(path => !path.Split('/').Any(folder => folder is "bin" or "obj"))
            .Select(path => new SourceFile(path, File.ReadAllText(Path.Combine(TestData.Repository, path)))),
    ]);

    public IReadOnlyList<string> WrongNamespaces =>
    [
        .. files.Where(file => file.Namespace is { } found && found != Room.NamespaceAt(file.Path)).Select(file => $"{file}: namespace {file.Namespace}, expected {Room.NamespaceAt(file.Path)}"),
    ];

    public IReadOnlyList<string> UpwardReferences => [.. _references.Where(reference => Room.LevelOf(reference.To) > Room.LevelOf(reference.From)).Select(reference => reference.ToString())];

    /// <summary>Of every two references that lead around in the fewest steps one circle.</summary>
    public IReadOnlyList<Circle> Circles
    {
        get
        {
            var found = new List<Circle>();
            foreach (var start in _references.DistinctBy(reference => (reference.From, reference.To)))
            {
                if (WayBack(start) is not { } way) continue;
                var circle = new Circle([start, .. way]);
                if (!found.Exists(known => known.Namespaces.SetEquals(circle.Namespaces))) found.Add(circle);
            }

            return found;
        }
    }

    private List<Reference>? WayBack(Reference start)
    {
        var reached = new Dictionary<string, Reference?> { [start.To] = null };
        var queue = new Queue<string>([start.To]);
        while (queue.TryDequeue(out var place))
        {
            if (place == start.From) return Trace(reached, place);
            foreach (var next in _references.Where(reference => reference.From == place))
                if (reached.TryAdd(next.To, next)) queue.Enqueue(next.To);
        }

        return null;
    }

    private static List<Reference> Trace(Dictionary<string, Reference?> reached, string place)
    {
        var way = new List<Reference>();
        while (reached[place] is { } step)
        {
            way.Insert(0, step);
            place = step.From;
        }

        return way;
    }
}

/// <summary>References that lead from a namespace back to it.</summary>
internal sealed record Circle(IReadOnlyList<Reference> Steps)
{
    public IReadOnlySet<string> Namespaces { get; } = Steps.Select(step => step.From).ToHashSet();

    public override string ToString() => string.Join("; ", Steps);
}
