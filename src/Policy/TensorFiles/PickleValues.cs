using TorchSharp;

namespace Rlhf.Policies.TensorFiles;

/// <summary>A class or function a pickle names; it is only ever compared with the few that are known, never looked up.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A dictionary of a pickle: keys are strings, numbers or flags.</summary>
internal sealed class PickleDictionary
{
    public Dictionary<object, object?> Items { get; } = [];

    public void Set(object? key, object? value)
    {
        if (key is not (string or long or double or bool)) throw PickleReader.Damaged("a dictionary has a key that is neither text nor a number");
        Items[key] = value;
    }
}

/// <summary>The numbers of a storage, still in the file.</summary>
internal sealed record StorageReference(string Key, torch.ScalarType Type, long Count);

/// <summary>A tensor as a window on a storage.</summary>
internal sealed record TensorReference(StorageReference Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Throws unless every element lies inside the storage, none of them twice over.</summary>
    public TensorReference Checked()
    {
        if (Shape.Length != Strides.Length || Shape.Length > 16) throw PickleReader.Damaged($"a tensor has {Shape.Length} sizes and {Strides.Length} strides");
        Int128 last = Offset, elements = 1;
        for (var i = 0; i < Shape.Length; i++)
        {
            if (Shape[i] < 0 || Strides[i] < 0) throw PickleReader.Damaged("a tensor has a negative size or stride");
            elements *= Shape[i];
            last += (Int128)Math.Max(0, Shape[i] - 1) * Strides[i];
            if (elements > long.MaxValue || last > long.MaxValue) throw PickleReader.Damaged($"a tensor has the impossible shape [{string.Join(", ", Shape)}]");
        }

        if (Offset < 0 || (elements > 0 && last >= Storage.Count) || elements > Storage.Count)
            throw PickleReader.Damaged($"a tensor of shape [{string.Join(", ", Shape)}] reaches outside its storage of {Storage.Count} numbers");
        return this;
    }
}
