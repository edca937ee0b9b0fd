using System.Text.Json.Nodes;
using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>The rotary keys of config.json: a base and, under rope_scaling or rope_parameters, how it is stretched.</summary>
internal static class RotarySettings
{
    /// <param name="head">the width of a head</param>
    /// <param name="part">how much of it turns where the file does not say</param>
    public static RotaryConfig Read(ConfigReader config, int head, int context, double part = 1)
    {
        var scaling = config.Section("rope_scaling") ?? config.Section("rope_parameters");
        part = config.Real("rotary_pct") ?? config.Real("partial_rotary_factor") ?? scaling?.Real("partial_rotary_factor") ?? part;
        return Read(config, scaling, (int)(head * part), context, config.Real("rope_theta") ?? config.Real("rotary_emb_base") ?? scaling?.Real("rope_theta") ?? 10000);
    }

    /// <param name="scaling">where the keys of the stretch are; null: there is none</param>
    public static RotaryConfig Read(ConfigReader config, ConfigReader? scaling, int width, int context, double @base)
    {
        var rotary = new RotaryConfig { Width = width, Base = @base };
        var kind = scaling?.Text("rope_type") ?? scaling?.Text("type") ?? "default";
        if (scaling is null || kind == "default") return rotary;
        var original = scaling.OptionalNumber("original_max_position_embeddings") ?? config.OptionalNumber("original_max_position_embeddings") ?? context;
        if (kind is "longrope" or "su") return LongRope(scaling, rotary with { OriginalContext = original }, context);
        rotary = rotary with
        {
            Scaling = kind switch
            {
                "linear" => RotaryScaling.Linear,
                "dynamic" => RotaryScaling.Dynamic,
                "llama3" => RotaryScaling.Llama3,
                "yarn" => RotaryScaling.Yarn,
                _ => throw new RlhfException($"{scaling.Source}: rope_type '{kind}' is not supported; supported are default, linear, dynamic, llama3, yarn, longrope"),
            },
            Factor = scaling.Real("factor") ?? throw scaling.Missing("factor"),
            OriginalContext = original,
            LowFrequencyFactor = scaling.Real("low_freq_factor") ?? 1,
            HighFrequencyFactor = scaling.Real("high_freq_factor") ?? 4,
            BetaFast = scaling.Real("beta_fast") ?? 32,
            BetaSlow = scaling.Real("beta_slow") ?? 1,
            AttentionFactor = scaling.Real("attention_factor") ?? (kind == "yarn" ? OfScales(scaling) : null),
        };
        if (kind == "yarn") scaling.Demand("truncate", true);
        return rotary.Factor >= 1 ? rotary : throw new RlhfException($"{scaling.Source}: factor is {rotary.Factor}; at least 1 is expected");
    }

    // YaRN's temperature by two scales, as DeepSeek's models say it; null where the file has not both.
    private static double? OfScales(ConfigReader scaling)
    {
        if (scaling.Real("mscale") is not ({ } one and not 0) || scaling.Real("mscale_all_dim") is not ({ } other and not 0)) return null;
        double Scale(double of) => scaling.Real("factor") is > 1 and var factor ? 0.1 * of * Math.Log(factor) + 1 : 1;
        return Scale(one) / Scale(other);
    }

    // A factor of its own says the same as the two contexts, but for the scale of sines and cosines.
    private static RotaryConfig LongRope(ConfigReader scaling, RotaryConfig rotary, int context) => rotary with
    {
        Scaling = RotaryScaling.LongRope,
        Factor = (double)context / rotary.OriginalContext,
        AttentionFactor = scaling.Real("attention_factor") ?? (scaling.Real("factor") is { } factor ? RotaryConfig.LongRopeScale(factor, rotary.OriginalContext) : null),
        ShortFactors = Factors(scaling, "short_factor", rotary.Width / 2),
        LongFactors = Factors(scaling, "long_factor", rotary.Width / 2),
    };

    private static double[] Factors(ConfigReader scaling, string key, int count)
    {
        var factors = scaling.Reals(key) ?? throw scaling.Missing(key);
        if (factors.Length != count) throw new RlhfException($"{scaling.Source}: {key} has {factors.Length} numbers; {count} are expected, one for each pair that turns");
        return factors.All(factor => factor > 0) ? factors : throw new RlhfException($"{scaling.Source}: {key} holds a number that is not positive");
    }

    public static void Write(RotaryConfig rotary, JsonObject json)
    {
        json["rope_theta"] = rotary.Base;
        if (rotary.Scaling == RotaryScaling.None) return;
        var scaling = new JsonObject();
        json["rope_scaling"] = scaling;
        if (rotary.Scaling == RotaryScaling.LongRope)
        {
            // Some readers of Phi-3 want these three keys and no other.
            scaling["type"] = "longrope";
            (scaling["short_factor"], scaling["long_factor"]) = (List(rotary.ShortFactors), List(rotary.LongFactors));
            if (rotary.AttentionFactor is { } given) scaling["attention_factor"] = given;
            json["original_max_position_embeddings"] = rotary.OriginalContext;
            return;
        }

        scaling["rope_type"] = rotary.Scaling switch
        {
            RotaryScaling.Linear => "linear",
            RotaryScaling.Dynamic => "dynamic",
            RotaryScaling.Llama3 => "llama3",
            _ => "yarn",
        };
        scaling["factor"] = rotary.Factor;
        if (rotary.Scaling is RotaryScaling.Llama3 or RotaryScaling.Yarn) scaling["original_max_position_embeddings"] = rotary.OriginalContext;
        if (rotary.Scaling == RotaryScaling.Llama3) (scaling["low_freq_factor"], scaling["high_freq_factor"]) = (rotary.LowFrequencyFactor, rotary.HighFrequencyFactor);
        if (rotary.Scaling == RotaryScaling.Yarn) (scaling["beta_fast"], scaling["beta_slow"]) = (rotary.BetaFast, rotary.BetaSlow);
        if (rotary.AttentionFactor is { } factor) scaling["attention_factor"] = factor;
    }

    private static JsonArray List(IReadOnlyList<double> numbers) => new([.. numbers.Select(number => (JsonNode)number)]);
}
