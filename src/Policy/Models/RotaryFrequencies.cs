using Rlhf.Policies.Families;

namespace Rlhf.Policies.Models;

/// <summary>The angle per position of each pair: base^(−2i/d), stretched as the checkpoint asks.</summary>
internal static class RotaryFrequencies
{
    public static double[] Of(RotaryConfig config, int context, long length) => config.Scaling switch
    {
        RotaryScaling.None => Plain(config, config.Base),
        RotaryScaling.Linear => [.. Plain(config, config.Base).Select(frequency => frequency / config.Factor)],
        RotaryScaling.Dynamic => Plain(config, DynamicBase(config, context, length)),
        RotaryScaling.Llama3 => [.. Plain(config, config.Base).Select(frequency => Llama3(config, frequency))],
        RotaryScaling.Yarn => Yarn(config),
        RotaryScaling.LongRope => [.. Plain(config, config.Base).Zip(config.IsStretchedAt(length, context) ? config.LongFactors : config.ShortFactors, (frequency, factor) => frequency / factor)],
        _ => throw new ArgumentOutOfRangeException(nameof(config)),
    };

    /// <summary>What cosines and sines are multiplied by: 1, and YaRN's and LongRoPE's temperatures.</summary>
    public static double Scale(RotaryConfig config) => config.Scaling switch
    {
        RotaryScaling.Yarn => config.AttentionFactor ?? (config.Factor <= 1 ? 1 : 0.1 * Math.Log(config.Factor) + 1),
        RotaryScaling.LongRope => config.AttentionFactor ?? RotaryConfig.LongRopeScale(config.Factor, config.OriginalContext),
        _ => 1,
    };

    private static double[] Plain(RotaryConfig config, double @base) =>
        [.. Enumerable.Range(0, config.Width / 2).Select(i => Math.Pow(@base, -2.0 * i / config.Width))];

    private static double DynamicBase(RotaryConfig config, int context, long length)
    {
        if (length <= context) return config.Base;
        var stretch = config.Factor * length / context - (config.Factor - 1);
        return config.Base * Math.Pow(stretch, config.Width / (config.Width - 2.0));
    }

    private static double Llama3(RotaryConfig config, double frequency)
    {
        var turns = config.OriginalContext * frequency / (2 * Math.PI);
        if (turns < config.LowFrequencyFactor) return frequency / config.Factor;
        if (turns > config.HighFrequencyFactor) return frequency;
        var smooth = (turns - config.LowFrequencyFactor) / (config.HighFrequencyFactor - config.LowFrequencyFactor);
        return (1 - smooth) * frequency / config.Factor + smooth * frequency;
    }

    // Peng et al. 2023, "NTK-by-parts": a ramp over the pairs between the two counts of turns.
    private static double[] Yarn(RotaryConfig config)
    {
        var low = Math.Max(Math.Floor(PairOf(config.BetaFast)), 0);
        var high = Math.Min(Math.Ceiling(PairOf(config.BetaSlow)), config.Width - 1);
        if (high == low) high += 0.001;
        return [.. Plain(config, config.Base).Select((frequency, i) =>
        {
            var interpolated = Math.Clamp((i - low) / (high - low), 0, 1);
            return frequency / config.Factor * interpolated + frequency * (1 - interpolated);
        })];

        double PairOf(double turns) =>
            config.Width * Math.Log(config.OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(config.Base));
    }
}
