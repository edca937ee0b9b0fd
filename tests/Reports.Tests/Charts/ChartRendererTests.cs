using System.Globalization;
using System.Xml.Linq;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports.Tests.Charts;

public sealed class ChartRendererTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Standalone_IsWellFormedAndNamesItselfToScreenReaders()
    {
        var root = XDocument.Parse(ChartRenderer.Standalone(Example(), ChartSize.Medium)).Root!;
        Assert.Equal("img", root.Attribute("role")!.Value);
        var labels = root.Attribute("aria-labelledby")!.Value.Split(' ');
        Assert.Equal(["Score <of> a \"run\"", "What it shows."], labels.Select(id => root.Descendants().Single(e => e.Attribute("id")?.Value == id).Value));
        Assert.Contains(root.Descendants(s_svg + "style"), style => style.Value.Contains("prefers-color-scheme:dark"));
    }

    [Fact]
    public void Render_Twice_IsTheSameText() =>
        Assert.Equal(ChartRenderer.Standalone(Example(), ChartSize.Wide), ChartRenderer.Standalone(Example(), ChartSize.Wide));

    [Fact]
    public void Inline_TwoSizes_ShareNoId()
    {
        var ids = Ids(ChartRenderer.Inline(Example(), ChartSize.Medium)).Concat(Ids(ChartRenderer.Inline(Example(), ChartSize.Narrow))).ToArray();
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void Line_WithAGap_IsBrokenThere()
    {
        var path = Paths(Chart(new LineMark { Name = "a", X = [0, 1, 2, 3, 4], Y = [1, 2, double.NaN, 2, 1] })).Single();
        Assert.Equal(2, path.Count(c => c == 'M'));
        Assert.Equal(2, path.Count(c => c == 'L'));
    }

    [Fact]
    public void Line_PointBetweenTwoGaps_IsADot()
    {
        var svg = Chart(new LineMark { Name = "a", X = [0, 1, 2, 3], Y = [1, double.NaN, 2, double.NaN] });
        Assert.Equal(2, svg.Descendants(s_svg + "circle").Count());
    }

    [Fact]
    public void Line_OfAHundredThousandPoints_IsThinnedButKeepsItsSpike()
    {
        double[] x = [.. Enumerable.Range(0, 100_000).Select(i => (double)i)];
        double[] y = [.. x.Select(i => i == 54_321 ? 100.0 : 1.0)];
        var thinned = Paths(Chart(new LineMark { Name = "a", X = x, Y = y })).Single();
        Assert.InRange(thinned.Length, 1_000, 60_000);
        var heights = thinned.Split(['M', 'L'], StringSplitOptions.RemoveEmptyEntries).Select(point => double.Parse(point.Split(' ')[1], CultureInfo.InvariantCulture)).ToArray();
        Assert.True(heights.Min() < heights.Max() - 200);
    }

    [Fact]
    public void Render_NoFiniteNumber_SaysSo()
    {
        var svg = Chart(new LineMark { Name = "a", X = [1, 2], Y = [double.NaN, double.NaN] });
        Assert.Contains(svg.Descendants(s_svg + "text"), text => text.Value == "no finite numbers to show");
    }

    [Fact]
    public void Render_HugeAndInfiniteNumbers_StaysFinite()
    {
        var text = ChartRenderer.Inline(Make(new LineMark { Name = "a", X = [1, 2, 3, 4], Y = [1e308, -1e308, double.PositiveInfinity, 3] }), ChartSize.Medium);
        Assert.DoesNotContain("NaN", text);
        Assert.DoesNotContain("∞", text);
    }

    [Fact]
    public void Legend_LinesThatEndAtTheRight_AreNamedThereWithoutOverlap()
    {
        var svg = Chart(Line("first", 1.00), Line("second", 1.01), Line("third", 1.02));
        var places = svg.Descendants(s_svg + "text").Where(text => text.Value is "first" or "second" or "third")
            .Select(text => double.Parse(text.Attribute("y")!.Value, CultureInfo.InvariantCulture)).Order().ToArray();
        Assert.Equal(3, places.Length);
        Assert.True(places[1] - places[0] >= 15 && places[2] - places[1] >= 15);
    }

    [Fact]
    public void Legend_NarrowChart_StandsAboveThePlot()
    {
        var svg = XDocument.Parse(ChartRenderer.Inline(Make(Line("first", 1), Line("second", 2)), ChartSize.Narrow));
        var name = svg.Descendants(s_svg + "text").Single(text => text.Value == "first");
        Assert.True(double.Parse(name.Attribute("y")!.Value, CultureInfo.InvariantCulture) < 20);
    }

    [Fact]
    public void Legend_PointsAndLineOfOneName_ShareAnEntry()
    {
        var svg = Chart(Line("gold", 1), new PointMark { Name = "gold", X = [1, 2], Y = [1, 1] }, Line("proxy", 2) with { X = [1, 1.5, 1.6, 1.7] });
        Assert.Single(svg.Descendants(s_svg + "text"), text => text.Value == "gold");
    }

    [Fact]
    public void Points_HaveErrorBarsAndSayTheirNumbers()
    {
        var svg = Chart(new PointMark { Name = "gold", X = [1, 2], Y = [3, 4], Low = [2.5, double.NaN], High = [3.5, double.NaN] });
        Assert.Contains(svg.Descendants(s_svg + "title"), title => title.Value == "gold: 1.00, 3.00 [2.50, 3.50]");
        Assert.Contains(svg.Descendants(s_svg + "title"), title => title.Value == "gold: 2.00, 4.00");
        Assert.Single(svg.Descendants(s_svg + "g").Where(g => g.Element(s_svg + "title") is not null).SelectMany(g => g.Elements(s_svg + "line")));
    }

    [Fact]
    public void Rule_OnTheOtherScale_StaysInsideTheFrame()
    {
        var svg = Chart(Line("a", 1), new RuleMark { Direction = Direction.Vertical, Value = 99, Label = "far", Name = "far" } with { Ink = Ink.Muted });
        Assert.Contains(svg.Descendants(s_svg + "text"), text => text.Value == "far");
        Assert.All(svg.Descendants(s_svg + "line"), line => Assert.InRange(double.Parse(line.Attribute("x1")!.Value, CultureInfo.InvariantCulture), 0, ChartSize.Medium.Width));
    }

    [Fact]
    public void Csv_HoldsEveryNumberOfEveryMark()
    {
        var chart = Make(
            new LineMark { Name = "loss", X = [1, 2], Y = [0.5, double.NaN], Low = [0.4, double.NaN], High = [0.6, double.NaN] },
            new BarMark { Name = "pairs", Edges = [0, 1, 3], Heights = [5, 7] },
            new RuleMark { Direction = Direction.Horizontal, Value = 0.5, Name = "chance" });
        Assert.Equal(
            "series,kind,x,y,low,high\nloss,line,1,0.5,0.4,0.6\nloss,line,2,,,\npairs,bar,0.5,5,0,1\npairs,bar,2,7,1,3\nchance,rule,,0.5,,\n",
            ChartCsv.Text(chart));
    }

    [Fact]
    public void Histogram_CountsIntoRoundBins()
    {
        var bars = BarMark.Histogram([0.1, 0.9, 1.0, 1.5, 3.99, 4.0, double.NaN], 4, 0, 4);
        Assert.Equal([0, 1, 2, 3, 4], bars.Edges);
        Assert.Equal([2, 2, 0, 2], bars.Heights);   // the largest value belongs to the last bin
    }

    private static LineMark Line(string name, double y) => new() { Name = name, X = [1, 2, 3, 4], Y = [0, y / 2, y, y] };

    private static Chart Example() => Make(Line("one & only", 1), Line("other", 2)) with { Title = "Score <of> a \"run\"" };

    private static Chart Make(params Mark[] marks) => new()
    {
        Id = "example",
        Title = "Example",
        Description = "What it shows.",
        X = new Axis { Label = "step" },
        Y = new Axis { Label = "score" },
        Marks = marks,
    };

    private static XDocument Chart(params Mark[] marks) => XDocument.Parse(ChartRenderer.Inline(Make(marks), ChartSize.Medium));

    private static IEnumerable<string> Paths(XDocument svg) => svg.Descendants(s_svg + "path").Select(path => path.Attribute("d")!.Value);

    private static IEnumerable<string> Ids(string svg) => XDocument.Parse(svg).Descendants().Attributes("id").Select(id => id.Value);
}
