namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>value.name, value[key] and value[a:b:c].</summary>
internal static class Lookup
{
    /// <summary>A method or attribute, then an item of that name.</summary>
    public static object? Attribute(object? value, string name, int line)
    {
        if (value is Undefined undefined) throw new TemplateException(undefined.Problem, line);
        if (value is LoopValue loop) return loop.Attribute(name, line);
        return (object?)Methods.Find(value, name) ?? (ItemOrNull(value, name, out var item) ? item : Absent(value, name));
    }

    /// <summary>An item, then a method or attribute of that name.</summary>
    public static object? Item(object? value, object? key, int line)
    {
        if (value is Undefined undefined) throw new TemplateException(undefined.Problem, line);
        if (ItemOrNull(value, key, out var item)) return item;
        return key is string name ? value is LoopValue loop ? loop.Attribute(name, line) : (object?)Methods.Find(value, name) ?? Absent(value, name)
            : new Undefined($"{Operations.TypeName(value)} has no element {(Operations.Number(key) ?? Operations.TypeName(key))}");
    }

    private static Undefined Absent(object? value, string name) => new($"'{Operations.TypeName(value)}' has no attribute '{name}'");

    private static bool ItemOrNull(object? value, object? key, out object? item)
    {
        item = null;
        switch (value)
        {
            case DictValue dict: return key is not null && dict.Items.TryGetValue(key, out item);
            case NamespaceValue space: return key is string known && space.Items.TryGetValue(known, out item);
            case ListValue list when Operations.Number(key) is long index:
                if (index < 0) index += list.Items.Count;
                if (index < 0 || index >= list.Items.Count) return false;
                item = list.Items[(int)index];
                return true;
            case string text when Operations.Number(key) is long index:
                if (index < 0) index += PythonText.Length(text);
                item = index < 0 ? null : PythonText.Characters(text).Skip((int)Math.Min(index, int.MaxValue)).FirstOrDefault();
                return item is not null;
            case FunctionValue function: return key is string attribute && function.Attributes.TryGetValue(attribute, out item);
            default: return false;
        }
    }

    public static object? Slice(object? value, object? start, object? stop, object? step, Budget budget, int line)
    {
        if (value is Undefined undefined) throw new TemplateException(undefined.Problem, line);
        if (value is not (string or ListValue)) throw new TemplateException($"'{Operations.TypeName(value)}' has no slices", line);
        var items = Operations.Items(value, line);
        budget.Spend(items.Count / 16, line);
        var by = Bound(step) ?? 1;
        if (by == 0) throw new TemplateException("slice step cannot be zero", line);
        var last = items.Count;
        var (least, most) = by > 0 ? (0L, (long)last) : (-1L, last - 1L);
        var from = Clamped(Bound(start), by > 0 ? 0 : last - 1);
        var to = Clamped(Bound(stop), by > 0 ? last : -1);
        var kept = new List<object?>();
        for (var i = from; by > 0 ? i < to : i > to; i += by)
        {
            kept.Add(items[(int)i]);
            if (by > 0 ? i > last - by : i < -by) break;
        }

        return value is ListValue list ? new ListValue(kept, list.IsTuple) : string.Concat(kept.Cast<string>());

        long? Bound(object? one) => one is null ? null : Operations.Number(one) as long? ?? throw new TemplateException(Operations.Missing(one) ?? "slice indices must be integers or None", line);

        long Clamped(long? index, long otherwise) => index is not { } given ? otherwise : Math.Clamp(given < 0 ? given + last : given, least, most);
    }
}
