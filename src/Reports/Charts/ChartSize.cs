namespace Rlhf.Reports.Charts;

/// <summary>The pixels a chart is laid out for; text keeps its size, so a narrow chart has fewer ticks rather than smaller ones.</summary>
public readonly record struct ChartSize(int Width, int Height)
{
    /// <summary>Across a page.</summary>
    public static readonly ChartSize Wide = new(1120, 460);

    /// <summary>Half a page.</summary>
    public static readonly ChartSize Medium = new(560, 340);

    /// <summary>A phone.</summary>
    public static readonly ChartSize Narrow = new(360, 300);
}
