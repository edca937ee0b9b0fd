using System.Globalization;
using System.Reflection;
using System.Runtime.Serialization;

namespace Rlhf.Foundation.Recipes;

/// <summary>Single values between text and C#: invariant numbers, <c>true</c>/<c>false</c>, enums in snake_case.</summary>
internal static class Scalars
{
    /// <summary>What a key of this type expects, as help and error messages say it.</summary>
    public static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return "text";
        if (type == typeof(bool)) return "true or false";
        if (type == typeof(int) || type == typeof(long) || type == typeof(ulong)) return "a whole number";
        if (type == typeof(double) || type == typeof(float)) return "a number";
        if (type.IsEnum) return "one of " + string.Join(", ", Names(type));
        if (RecipeField.IsDictionary(type)) return "a section of names with values";
        if (RecipeField.ElementOf(type) is { } element) return $"a list of {Plural(element)}";
        return "a section";
    }

    /// <summary>The value, or null when the text is none of that type.</summary>
    public static object? Read(string text, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var invariant = CultureInfo.InvariantCulture;
        if (type == typeof(string)) return text;
        if (type == typeof(bool)) return text switch { "true" or "True" => true, "false" or "False" => false, _ => null };
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out var number) ? number : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out var number) ? number : null;
        if (type == typeof(ulong)) return ulong.TryParse(text, NumberStyles.None, invariant, out var number) ? number : null;
        if (type == typeof(double)) return Real(text);
        if (type == typeof(float)) return Real(text) is { } number ? (float)number : null;
        if (!type.IsEnum) throw new InvalidOperationException($"recipes have no keys of type {type}");
        return Enum.GetNames(type).FirstOrDefault(name => Spelling(type, name) == text) is { } found ? Enum.Parse(type, found) : null;
    }

    public static string Write(object value) => value switch
    {
        bool truth => truth ? "true" : "false",
        double number => Number(number),
        float number => number.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant(),
        Enum choice => Spelling(choice.GetType(), choice.ToString()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>The shortest text that reads back as the same number: <c>1e-05</c>, <c>0.2</c>, <c>100</c>.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();

    public static IEnumerable<string> Names(Type choice) => Enum.GetNames(choice).Select(name => Spelling(choice, name));

    /// <summary>snake_case, or what <see cref="EnumMemberAttribute"/> gives where the usual spelling is no C# name: <c>reinforce++</c>.</summary>
    private static string Spelling(Type choice, string name) =>
        choice.GetField(name)?.GetCustomAttribute<EnumMemberAttribute>()?.Value ?? KeyNames.Snake(name);

    private static double? Real(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number) ? number : null;

    private static string Plural(Type type) => Expected(type) switch
    {
        "text" => "texts",
        "a whole number" => "whole numbers",
        "a number" => "numbers",
        "a section" => "sections",
        var other => other,
    };
}
