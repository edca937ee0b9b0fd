using System.Collections;
using System.Text;

namespace Rlhf.Foundation.Recipes;

/// <summary>Prints a recipe record as YAML that binds to an equal record; each key carries its description.</summary>
public static class RecipeWriter
{
    private const int CommentColumn = 40;

    public static string Write(object recipe)
    {
        var text = new StringBuilder();
        Section(text, recipe, "");
        return text.ToString();
    }

    private static void Section(StringBuilder text, object record, string indent)
    {
        foreach (var field in RecipeField.Of(record.GetType()))
        {
            var value = field.Get(record);
            if (field.IsSection && value is null) continue;
            if (field.IsSection)
            {
                if (indent.Length == 0) text.Append('\n');
                Line(text, $"{indent}{field.Key}:", field.Description);
                Section(text, value!, indent + "  ");
                continue;
            }

            Line(text, $"{indent}{field.Key}: {Value(value)}", field.Description);
        }
    }

    private static void Line(StringBuilder text, string line, string comment)
    {
        text.Append(line);
        if (comment.Length > 0) text.Append(' ', Math.Max(2, CommentColumn - line.Length)).Append("# ").Append(comment);
        text.Append('\n');
    }

    internal static string Value(object? value) => value switch
    {
        null => "null",
        string words => Quoted(words),
        IDictionary map => "{" + string.Join(", ", map.Keys.Cast<string>().Select(key => $"{Quoted(key)}: {Value(map[key])}")) + "}",
        IEnumerable items => "[" + string.Join(", ", items.Cast<object?>().Select(Value)) + "]",
        _ when RecipeField.IsRecord(value.GetType()) => "{" + string.Join(", ", RecipeField.Of(value.GetType()).Select(field => $"{field.Key}: {Value(field.Get(value))}")) + "}",
        _ => Scalars.Write(value),
    };

    /// <summary>Plain where YAML reads it back as the same text, else in double quotes.</summary>
    private static string Quoted(string words)
    {
        var isPlain = words.Length > 0 && words.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-')
            && (char.IsAsciiLetterOrDigit(words[0]) || words[0] is '/' or '.') && words is not ("null" or "Null" or "NULL");
        if (isPlain) return words;
        var quoted = new StringBuilder("\"");
        foreach (var c in words)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
