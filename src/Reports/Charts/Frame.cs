namespace Rlhf.Reports.Charts;

/// <summary>The rectangle that data are drawn in, with its two scales.</summary>
public sealed class Frame(Scale x, Scale y)
{
    public Scale X { get; } = x;

    public Scale Y { get; } = y;

    public double Left => X.From;

    public double Right => X.To;

    public double Bottom => Y.From;

    public double Top => Y.To;

    /// <summary>Whether a point is a number on both axes and not outside the frame by more than rounding.</summary>
    public bool Shows(double x, double y) =>
        X.At(x) is var px && Y.At(y) is var py
        && px >= Left - 1 && px <= Right + 1 && py >= Top - 1 && py <= Bottom + 1;
}
