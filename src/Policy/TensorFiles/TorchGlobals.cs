using static TorchSharp.torch;

namespace Rlhf.Policies.TensorFiles;

/// <summary>The only names a pickle of tensors may hold, and what they mean.</summary>
internal static class TorchGlobals
{
    private static readonly Dictionary<string, ScalarType> Storages = new(StringComparer.Ordinal)
    {
        ["DoubleStorage"] = ScalarType.Float64, ["FloatStorage"] = ScalarType.Float32, ["HalfStorage"] = ScalarType.Float16,
        ["BFloat16Storage"] = ScalarType.BFloat16, ["LongStorage"] = ScalarType.Int64, ["IntStorage"] = ScalarType.Int32,
        ["ShortStorage"] = ScalarType.Int16, ["CharStorage"] = ScalarType.Int8, ["ByteStorage"] = ScalarType.Byte, ["BoolStorage"] = ScalarType.Bool,
    };

    public static PickleGlobal Known(PickleGlobal global) => global switch
    {
        { Module: "collections", Name: "OrderedDict" } => global,
        { Module: "torch._utils", Name: "_rebuild_tensor" or "_rebuild_tensor_v2" or "_rebuild_parameter" } => global,
        { Module: "torch", Name: "Size" } => global,
        { Module: "torch" } when Storages.ContainsKey(global.Name) => global,
        _ => throw new InvalidDataException(
            $"the pickle names {Printable(global)}, which is no part of a state dictionary: it was not loaded and nothing was executed; save the weights alone with torch.save(model.state_dict(), …)"),
    };

    public static object? Call(PickleGlobal function, object?[] arguments) => function.Name switch
    {
        "OrderedDict" => Ordered(arguments),
        "Size" => arguments.Length == 1 ? arguments[0] : throw Wrong(function),
        "_rebuild_tensor" or "_rebuild_tensor_v2" => Tensor(function, arguments),
        "_rebuild_parameter" => arguments.Length > 0 && arguments[0] is TensorReference tensor ? tensor : throw Wrong(function),
        _ => throw Wrong(function),
    };

    /// <summary>('storage', type, key, location, count[, view]) of torch.save.</summary>
    public static StorageReference Storage(object?[] id)
    {
        if (id is not ["storage", PickleGlobal { Module: "torch" } type, string key, _, long count, ..] || !Storages.TryGetValue(type.Name, out var scalar))
            throw PickleReader.Damaged("it refers to a storage in an unknown way");
        if (count < 0) throw PickleReader.Damaged($"storage {key} is said to hold {count} numbers");
        if (id.Length > 5 && id[5] is not null) throw PickleReader.Damaged($"storage {key} is a view of another, a form torch gave up before 1.0");
        return new StorageReference(key, scalar, count);
    }

    private static PickleDictionary Ordered(object?[] arguments)
    {
        var dictionary = new PickleDictionary();
        if (arguments.Length == 0) return dictionary;
        foreach (var pair in arguments[0] as List<object?> ?? throw PickleReader.Damaged("an OrderedDict is made of what is no list"))
        {
            var (key, value) = pair switch
            {
                object?[] { Length: 2 } tuple => (tuple[0], tuple[1]),
                List<object?> { Count: 2 } list => (list[0], list[1]),
                _ => throw PickleReader.Damaged("an OrderedDict is made of what are no pairs"),
            };
            dictionary.Set(key, value);
        }

        return dictionary;
    }

    private static TensorReference Tensor(PickleGlobal function, object?[] arguments) =>
        arguments is [StorageReference storage, long offset, object?[] shape, object?[] strides, ..]
            ? new TensorReference(storage, offset, Longs(shape), Longs(strides)).Checked()
            : throw Wrong(function);

    private static long[] Longs(object?[] values) =>
        [.. values.Select(value => value as long? ?? throw PickleReader.Damaged("a size or stride is no whole number"))];

    private static InvalidDataException Wrong(PickleGlobal function) => PickleReader.Damaged($"it calls {function} with arguments that torch.save does not write");

    private static string Printable(PickleGlobal global)
    {
        var name = new string([.. global.ToString().Select(letter => char.IsControl(letter) ? '?' : letter)]);
        return name.Length > 120 ? name[..120] + "…" : name;
    }
}
