using System.Collections;
using System.Reflection;

namespace Rlhf.Foundation.Recipes;

/// <summary>One key of a recipe record, as reflection finds it.</summary>
internal sealed class RecipeField
{
    private readonly PropertyInfo _property;

    private RecipeField(PropertyInfo property)
    {
        _property = property;
        Type = property.PropertyType;
        Key = KeyNames.Snake(property.Name);
        Description = property.GetCustomAttribute<DescribeAttribute>()?.Text ?? "";
        Bounds = [.. property.GetCustomAttributes<BoundAttribute>()];
        MayChangeOnResume = property.GetCustomAttribute<MayChangeOnResumeAttribute>() is not null;
        IsInput = property.GetCustomAttribute<InputAttribute>() is not null;
        IsNullable = Nullable.GetUnderlyingType(Type) is not null
            || (!Type.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable);
    }

    public string Key { get; }

    public Type Type { get; }

    public string Description { get; }

    public IReadOnlyList<BoundAttribute> Bounds { get; }

    public bool IsNullable { get; }

    public bool MayChangeOnResume { get; }

    public bool IsInput { get; }

    public bool IsSection => IsRecord(Type);

    public string PropertyName => _property.Name;

    public object? Get(object record) => _property.GetValue(record);

    internal void Set(object record, object? value) => _property.SetValue(record, value);

    /// <summary>The keys of a record, in the order they are declared, those of a base record first.</summary>
    public static IReadOnlyList<RecipeField> Of(Type record) =>
        [.. record.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.SetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0)
            .OrderBy(property => Depth(property.DeclaringType!)).ThenBy(property => property.MetadataToken)
            .Select(property => new RecipeField(property))];

    internal static bool IsRecord(Type type) => type.IsClass && type.GetMethod("<Clone>$") is not null;

    /// <summary>The element type of a list key, or null.</summary>
    internal static Type? ElementOf(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && !IsDictionary(type) && typeof(IEnumerable).IsAssignableFrom(type) ? type.GetGenericArguments()[0]
        : null;

    internal static bool IsDictionary(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var open
        && (open == typeof(IReadOnlyDictionary<,>) || open == typeof(Dictionary<,>)) && type.GetGenericArguments()[0] == typeof(string);

    private static int Depth(Type type) => type.BaseType is { } parent ? 1 + Depth(parent) : 0;
}
