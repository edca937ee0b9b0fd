using System.Text.Json.Nodes;
using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>The rotary keys of config.json: a base and, under rope_scaling or rope_parameters, how it is stretched.</summary>
internal static class RotarySettings
{
    public static RotaryConfig Read(ConfigReader config, int width, int context)
    {
        var scaling = config.Section("rope_scaling") ?? config.Section("rope_parameters");
        var rotary = new RotaryConfig
        {
            Width = width,
            Base = config.Real("rope_theta") ?? config.Real("rotary_emb_base") ?? scaling?.Real("rope_theta") ?? 10000,
        };
        var kind = scaling?.Text("rope_type") ?? scaling?.Text("type") ?? "default";
        if (scaling is null || kind == "default") return rotary;
        rotary = rotary with
        {
            Scaling = kind switch
            {
                "linear" => RotaryScaling.Linear,
                "dynamic" => RotaryScaling.Dynamic,
                "llama3" => RotaryScaling.Llama3,
                "yarn" => RotaryScaling.Yarn,
                _ => throw new RlhfException($"{scaling.Source}: rope_type '{kind}' is not supported; supported are default, linear, dynamic, llama3, yarn"),
            },
            Factor = scaling.Real("factor") ?? throw scaling.Missing("factor"),
            OriginalContext = scaling.OptionalNumber("original_max_position_embeddings") ?? context,
            LowFrequencyFactor = scaling.Real("low_freq_factor") ?? 1,
            HighFrequencyFactor = scaling.Real("high_freq_factor") ?? 4,
            BetaFast = scaling.Real("beta_fast") ?? 32,
            BetaSlow = scaling.Real("beta_slow") ?? 1,
            AttentionFactor = scaling.Real("attention_factor"),
        };
        return rotary.Factor >= 1 ? rotary : throw new RlhfException($"{scaling.Source}: factor is {rotary.Factor}; at least 1 is expected");
    }

    public static void Write(RotaryConfig rotary, JsonObject json)
    {
        json["rope_theta"] = rotary.Base;
        if (rotary.Scaling == RotaryScaling.None) return;
        var scaling = new JsonObject
        {
            ["rope_type"] = rotary.Scaling switch
            {
                RotaryScaling.Linear => "linear",
                RotaryScaling.Dynamic => "dynamic",
                RotaryScaling.Llama3 => "llama3",
                _ => "yarn",
            },
            ["factor"] = rotary.Factor,
        };
        if (rotary.Scaling is RotaryScaling.Llama3 or RotaryScaling.Yarn) scaling["original_max_position_embeddings"] = rotary.OriginalContext;
        if (rotary.Scaling == RotaryScaling.Llama3) (scaling["low_freq_factor"], scaling["high_freq_factor"]) = (rotary.LowFrequencyFactor, rotary.HighFrequencyFactor);
        if (rotary.Scaling == RotaryScaling.Yarn) (scaling["beta_fast"], scaling["beta_slow"]) = (rotary.BetaFast, rotary.BetaSlow);
        if (rotary.AttentionFactor is { } factor) scaling["attention_factor"] = factor;
        json["rope_scaling"] = scaling;
    }
}
