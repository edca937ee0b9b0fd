using System.Text.Json;
using Rlhf.Foundation;

namespace Rlhf.Policies.Families;

/// <summary>config.json with typed access and errors that name the key.</summary>
internal sealed class ConfigReader(JsonElement root, string source)
{
    public string Source => source;

    public string ModelType => Text("model_type") ?? throw new RlhfException($"{source}: model_type is missing; supported are {string.Join(", ", ModelFamily.SupportedTypes)}");

    public bool Has(string key) => Find(key) is not null;

    /// <summary>Whether the file has the key, be its value null.</summary>
    public bool Names(string key) => root.TryGetProperty(key, out _);

    public int Number(string key) => OptionalNumber(key) ?? throw Missing(key);

    public int? OptionalNumber(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw Wrong(key, value, "a whole number");
    }

    public double? Real(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : throw Wrong(key, value, "a number");
    }

    public bool? Flag(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(key, value, "true or false");
    }

    public string? Text(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(key, value, "text");
    }

    /// <summary>A token id; of a list, the first.</summary>
    public int? Token(string key) => Find(key) switch
    {
        { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() > 0 && list[0].TryGetInt32(out var first) => first,
        { ValueKind: JsonValueKind.Number } => OptionalNumber(key),
        null => null,
        { } value => throw Wrong(key, value, "a token id"),
    };

    /// <summary>Token ids, one or a list.</summary>
    public int[] Tokens(string key) => Find(key) switch
    {
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) ? id : throw Wrong(key, item, "a token id"))],
        null => [],
        _ => [Number(key)],
    };

    /// <summary>A list of numbers, or null.</summary>
    public double[]? Reals(string key) => Items<double>(key, "a list of numbers", item => item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out var number) && double.IsFinite(number) ? number : null);

    /// <summary>What kind of attention each layer has (<c>layer_types</c>): whether it sees a window alone.</summary>
    public bool[]? WindowLayers() => Items<bool>("layer_types", "a list of full_attention and sliding_attention", item =>
        item.ValueKind != JsonValueKind.String ? null : item.GetString() switch { "full_attention" => false, "sliding_attention" => true, _ => null });

    private T[]? Items<T>(string key, string expected, Func<JsonElement, T?> read) where T : struct
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(key, value, expected);
        return [.. value.EnumerateArray().Select(item => read(item) ?? throw Wrong(key, value, expected))];
    }

    public ConfigReader? Section(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Object ? new ConfigReader(value, $"{source}: {key}") : throw Wrong(key, value, "an object");
    }

    /// <summary>Refuses a setting that would change what the model computes.</summary>
    public void Demand(string key, bool expected)
    {
        if (Flag(key) is { } found && found != expected)
            throw new RlhfException($"{source}: {key} is {(found ? "true" : "false")}, which is not supported; only {(expected ? "true" : "false")} is");
    }

    public Activation Activation(string key, string fallback) => (Text(key) ?? fallback) switch
    {
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => Families.Activation.GeluTanh,
        "gelu" => Families.Activation.Gelu,
        "silu" or "swish" => Families.Activation.Silu,
        "relu" => Families.Activation.Relu,
        var other => throw new RlhfException($"{source}: {key} is '{other}'; supported are gelu_new, gelu_pytorch_tanh, gelu, silu, relu"),
    };

    public static string NameOf(Activation activation) => activation switch
    {
        Families.Activation.GeluTanh => "gelu_new",
        Families.Activation.Gelu => "gelu",
        Families.Activation.Silu => "silu",
        _ => "relu",
    };

    public RlhfException Missing(string key) => new($"{source}: {key} is missing");

    private JsonElement? Find(string key) =>
        root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private RlhfException Wrong(string key, JsonElement found, string expected)
    {
        var text = found.GetRawText();
        return new RlhfException($"{Source}: {key} is {(text.Length > 60 ? text[..60] + "…" : text)}; {expected} is expected");
    }
}
