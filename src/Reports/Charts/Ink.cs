namespace Rlhf.Reports.Charts;

/// <summary>How a mark is drawn: a colour of the palette (0 is the muted grey), and how heavy and how broken its line is.</summary>
public readonly record struct Ink(int Colour, Stroke Stroke = Stroke.Solid, Weight Weight = Weight.Normal)
{
    public static readonly Ink Muted = new(0, Stroke.Dashed, Weight.Thin);

    /// <summary>The i-th of many: colours first, then the same colours dashed.</summary>
    public static Ink Number(int i) =>
        new(1 + i % Palette.Light.Count, (Stroke)(i / Palette.Light.Count % 3));

    public string ColourVariable => Colour == 0 ? "var(--muted)" : $"var(--c{1 + (Colour - 1) % Palette.Light.Count})";
}

public enum Stroke
{
    Solid,
    Dashed,
    Dotted,
}

public enum Weight
{
    Normal,
    Thin,

    /// <summary>Raw numbers behind a smoothed line.</summary>
    Faint,
}
