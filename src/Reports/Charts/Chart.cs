namespace Rlhf.Reports.Charts;

/// <summary>What a chart shows. How large it is drawn is decided by the renderer.</summary>
public sealed record Chart
{
    /// <summary>Unique in its document; letters, digits and hyphens.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    /// <summary>What the reader should see in it, one or two sentences: read out by screen readers, shown under the title.</summary>
    public required string Description { get; init; }

    public required Axis X { get; init; }
    public required Axis Y { get; init; }

    /// <summary>Drawn in this order, later ones on top.</summary>
    public required IReadOnlyList<Mark> Marks { get; init; }
}

/// <summary>One axis of a chart.</summary>
public sealed record Axis
{
    /// <summary>The quantity with its unit.</summary>
    public required string Label { get; init; }

    public ScaleKind Scale { get; init; } = ScaleKind.Linear;

    /// <summary>Values that the axis must reach, whatever the data.</summary>
    public IReadOnlyList<double> Include { get; init; } = [];

    /// <summary>Fixed ends; null takes them from the data.</summary>
    public double? Min { get; init; }

    public double? Max { get; init; }
}
