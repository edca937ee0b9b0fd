using System.Collections;
using System.Reflection;
using Parquet.Schema;

namespace Parquet.Serialization;

/// <summary>Objects as rows: public properties that can be read and written are fields, classes are structs, <c>List&lt;T&gt;</c> are lists.</summary>
internal static class TypedRows
{
    private const string Element = "element";

    public static IEnumerable<Field> Fields(Type type) => Properties(type).Select(property => Of(property.Name, property.PropertyType));

    public static IDictionary<string, object?> Members(object instance) =>
        Properties(instance.GetType()).ToDictionary(property => property.Name, property => Untyped(property.GetValue(instance)));

    public static object Instance(Type type, IDictionary<string, object> row)
    {
        var instance = Activator.CreateInstance(type)!;
        foreach (var property in Properties(type))
            if (row.TryGetValue(property.Name, out var value)) property.SetValue(instance, Typed(property.PropertyType, value));
        return instance;
    }

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property is { CanRead: true, CanWrite: true });

    private static Field Of(string name, Type type)
    {
        if (ItemOf(type) is { } item) return new ListField(name, Of(Element, item));
        return IsValue(type) ? new DataField(name, type) : new StructField(name, [.. Fields(type)]);
    }

    private static object? Untyped(object? value) => value switch
    {
        null => null,
        IList list when ItemOf(value.GetType()) is not null => list.Cast<object?>().Select(Untyped).ToList(),
        _ when IsValue(value.GetType()) => value,
        _ => Members(value),
    };

    private static object? Typed(Type type, object? value)
    {
        if (value is null) return null;
        if (ItemOf(type) is not { } item) return IsValue(type) ? value : Instance(type, (IDictionary<string, object>)value);
        var list = (IList)Activator.CreateInstance(type)!;
        foreach (var element in (IEnumerable)value) list.Add(Typed(item, element));
        return list;
    }

    private static Type? ItemOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>) ? type.GetGenericArguments()[0] : null;

    private static bool IsValue(Type type) => type.IsValueType || type == typeof(string) || type == typeof(byte[]);
}
