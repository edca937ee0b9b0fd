namespace Rlhf.Reports.Charts;

/// <summary>Drops points that no eye could tell apart: of those in one pixel's width the first, lowest, highest and last stay.</summary>
public static class Thinning
{
    public static List<(double X, double Y)> Of(List<(double X, double Y)> pixels, double width)
    {
        if (pixels.Count <= 3 * width) return pixels;
        var kept = new List<(double X, double Y)>();
        for (var first = 0; first < pixels.Count;)
        {
            if (!double.IsFinite(pixels[first].X) || !double.IsFinite(pixels[first].Y))
            {
                kept.Add(pixels[first++]);
                continue;
            }

            int end = first, lowest = first, highest = first;
            var column = Math.Floor(pixels[first].X);
            for (; end < pixels.Count && Math.Floor(pixels[end].X) == column && double.IsFinite(pixels[end].Y); end++)
            {
                if (pixels[end].Y < pixels[lowest].Y) lowest = end;
                if (pixels[end].Y > pixels[highest].Y) highest = end;
            }

            kept.AddRange(new[] { first, lowest, highest, end - 1 }.Distinct().Order().Select(i => pixels[i]));
            first = end;
        }

        return kept;
    }
}
