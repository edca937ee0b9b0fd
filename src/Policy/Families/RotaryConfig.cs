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
    /// <summary>YaRN: scale of cosines and sines; 0.1·ln(factor) + 1 where the file gives none.</summary>
    public double? AttentionFactor { get; init; }
}
