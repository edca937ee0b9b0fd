namespace Rlhf.Policies.Families;

/// <summary>How rotary frequencies are stretched beyond the context a model was first trained for.</summary>
public enum RotaryScaling
{
    None,
    /// <summary>Positions divided by the factor (Chen et al. 2023).</summary>
    Linear,
    /// <summary>The base grows with the length of the sequence at hand.</summary>
    Dynamic,
    /// <summary>Low frequencies divided by the factor, high ones kept, a ramp between (Llama 3.1).</summary>
    Llama3,
    /// <summary>Interpolation by parts with a temperature (Peng et al. 2023).</summary>
    Yarn,
    /// <summary>Every frequency divided by a factor of its own, which is another beyond the original context (Phi-3, LongRoPE).</summary>
    LongRope,
}

/// <summary>Rotary positions (Su et al. 2021): pairs of a head's numbers turned by an angle that grows with position.</summary>
public sealed record RotaryConfig
{
    /// <summary>How many numbers of each head are turned.</summary>
    public int Width { get; init; }
    public double Base { get; init; } = 10000;
    public RotaryScaling Scaling { get; init; }
    public double Factor { get; init; } = 1;
    /// <summary>Context of the first training (llama3, yarn, dynamic).</summary>
    public int OriginalContext { get; init; }
    /// <summary>Llama 3: wavelengths above OriginalContext / this are divided by the factor.</summary>
    public double LowFrequencyFactor { get; init; } = 1;
    /// <summary>Llama 3: wavelengths below OriginalContext / this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;
    /// <summary>YaRN: turns above which a frequency is kept.</summary>
    public double BetaFast { get; init; } = 32;
    /// <summary>YaRN: turns below which a frequency is fully interpolated.</summary>
    public double BetaSlow { get; init; } = 1;
    /// <summary>Scale of cosines and sines; where the file gives none, YaRN's 0.1·ln(factor) + 1 or LongRoPE's √(1 + ln(factor)/ln(original context)).</summary>
    public double? AttentionFactor { get; init; }
    /// <summary>LongRoPE: divisors [Width/2] within the original context.</summary>
    public ValueList<double> ShortFactors { get; init; } = [];
    /// <summary>LongRoPE: divisors [Width/2] beyond it.</summary>
    public ValueList<double> LongFactors { get; init; } = [];

    /// <summary>Whether sequences of this length take other frequencies than short ones do.</summary>
    public bool IsStretchedAt(long length, int context) =>
        (Scaling == RotaryScaling.Dynamic && length > context) || (Scaling == RotaryScaling.LongRope && length > OriginalContext);

    /// <summary>√(1 + ln(factor)/ln(original context)), 1 where nothing is stretched.</summary>
    internal static double LongRopeScale(double factor, int original) => factor <= 1 ? 1 : Math.Sqrt(1 + Math.Log(factor) / Math.Log(original));
}
