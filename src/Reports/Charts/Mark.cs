namespace Rlhf.Reports.Charts;

/// <summary>Something drawn in a chart. The numbers it is drawn from are what its CSV holds.</summary>
public abstract record Mark
{
    private readonly string? _legend;

    /// <summary>What the chart's CSV and tooltips call it.</summary>
    public string Name { get; init; } = "";

    /// <summary>What the legend calls it, the name unless said otherwise; marks of the same legend share an entry, and an empty one has none.</summary>
    public string Legend
    {
        get => _legend ?? Name;
        init => _legend = value;
    }

    public Ink Ink { get; init; } = new(1);

    /// <summary>Values that the x axis has to show.</summary>
    public abstract IEnumerable<double> Xs { get; }

    /// <summary>Values that the y axis has to show.</summary>
    public abstract IEnumerable<double> Ys { get; }

    /// <summary>The last point of a line, which a label may stand beside; null for a mark that is not labelled so.</summary>
    public virtual (double X, double Y)? End => null;

    /// <summary>The numbers behind the mark, in the order drawn.</summary>
    public abstract IEnumerable<Datum> Data { get; }

    public abstract void Draw(SvgWriter svg, Frame frame);

    /// <summary>A sample of the mark for the legend, in a box of 22 × 10 pixels whose middle is at y.</summary>
    public abstract void DrawKey(SvgWriter svg, double x, double y);
}

/// <summary>A row of a chart's CSV; what a mark does not have is NaN.</summary>
public readonly record struct Datum(double X, double Y, double Low = double.NaN, double High = double.NaN);
