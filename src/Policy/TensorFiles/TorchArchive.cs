using System.Buffers.Binary;
using System.IO.Hashing;
using static TorchSharp.torch;

namespace Rlhf.Policies.TensorFiles;

/// <summary>What torch.save left in a file: a plain value whose tensors are references, and where each storage lies.</summary>
internal sealed class TorchArchive
{
    private const int MaxPickle = 1 << 26; // the pickle beside the numbers: some hundred bytes per tensor

    private readonly Dictionary<string, (StorageReference Storage, ZipEntry? Entry, long Offset)> _storages = new(StringComparer.Ordinal);

    private TorchArchive() { }

    public object? Root { get; private set; }

    public static TorchArchive Read(MappedFile source)
    {
        var start = source.Read(0, (int)Math.Min(4, source.Length));
        if (start is [(byte)'P', (byte)'K', 3, 4]) return ReadZip(source);
        if (start is [0x80, ..]) return ReadLegacy(source);
        throw new InvalidDataException("not a file of torch.save: it is neither a zip archive nor a pickle");
    }

    /// <summary>The numbers of a storage as a tensor [count].</summary>
    public Tensor Load(MappedFile source, StorageReference storage)
    {
        var (_, entry, offset) = _storages[storage.Key];
        var tensor = empty([storage.Count], dtype: storage.Type);
        var checksum = new Crc32();
        TensorBytes.Fill(tensor, source, offset, checksum);
        if (entry is { } stored && checksum.GetCurrentHashAsUInt32() != stored.Crc)
            throw new InvalidDataException($"the checksum of '{stored.Name}' is wrong: the file is damaged");
        return tensor;
    }

    private static TorchArchive ReadZip(MappedFile source)
    {
        var entries = ZipArchiveIndex.Read(source);
        var pickle = entries.Values.FirstOrDefault(entry => entry.Name == "data.pkl" || entry.Name.EndsWith("/data.pkl", StringComparison.Ordinal));
        if (pickle.Name is null) throw new InvalidDataException("not a file of torch.save: the archive has no data.pkl");
        if (pickle.Length > MaxPickle) throw new InvalidDataException($"data.pkl has {pickle.Length} bytes, more than any state dictionary needs");
        var folder = pickle.Name[..^"data.pkl".Length];
        if (entries.TryGetValue(folder + "byteorder", out var order) && order.Length == 3)
            throw new InvalidDataException("the numbers are big-endian; save the weights again on a little-endian machine");
        var archive = new TorchArchive();
        var bytes = source.Read(pickle.Offset, (int)pickle.Length);
        if (Crc32.HashToUInt32(bytes) != pickle.Crc) throw new InvalidDataException($"the checksum of '{pickle.Name}' is wrong: the file is damaged");
        archive.Root = new PickleReader(bytes, id => archive.Refer(id, storage =>
        {
            if (!entries.TryGetValue($"{folder}data/{storage.Key}", out var entry)) throw PickleReader.Damaged($"storage {storage.Key} is not in the archive");
            if ((Int128)storage.Count * SafetensorsTypes.Size(storage.Type) != entry.Length)
                throw PickleReader.Damaged($"storage {storage.Key} should hold {storage.Count} numbers of {storage.Type}, but '{entry.Name}' has {entry.Length} bytes");
            return (entry, entry.Offset);
        })).Load();
        return archive;
    }

    // Before torch 1.6: five pickles (magic, protocol, system, object, keys), then each storage with its count.
    private static TorchArchive ReadLegacy(MappedFile source)
    {
        var archive = new TorchArchive();
        var bytes = source.Read(0, (int)Math.Min(source.Length, MaxPickle));
        var position = 0;
        if (Next(_ => throw PickleReader.Damaged("a storage comes too early")) is not Int128 magic || magic != LegacyMagic) throw PickleReader.Damaged("its first value is not the magic number of torch.save");
        if (Next(_ => throw PickleReader.Damaged("a storage comes too early")) is not 1001L) throw PickleReader.Damaged("its version is not 1001");
        var system = Next(_ => throw PickleReader.Damaged("a storage comes too early")) as PickleDictionary;
        if (system?.Items.GetValueOrDefault("little_endian") is not true) throw new InvalidDataException("the numbers are big-endian; save the weights again on a little-endian machine");
        archive.Root = Next(id => archive.Refer(id, _ => (null, -1)));
        var keys = Next(_ => throw PickleReader.Damaged("a storage comes too late")) as List<object?> ?? throw PickleReader.Damaged("the list of storages is missing");
        long at = position;
        foreach (var key in keys)
        {
            if (key is not string name || !archive._storages.TryGetValue(name, out var known) || known.Offset >= 0) throw PickleReader.Damaged("the list of storages does not fit the object");
            var count = BinaryPrimitives.ReadInt64LittleEndian(source.Read(at, 8));
            var size = (Int128)known.Storage.Count * SafetensorsTypes.Size(known.Storage.Type);
            if (count != known.Storage.Count || size > source.Length - at - 8)
                throw PickleReader.Damaged($"storage {name} should hold {known.Storage.Count} numbers, the file has {count} in {source.Length - at - 8} bytes: it is cut off or damaged");
            archive._storages[name] = known with { Offset = at + 8 };
            at += 8 + (long)size;
        }

        if (archive._storages.Values.Any(storage => storage.Offset < 0)) throw PickleReader.Damaged("a storage is missing at the end: the file is cut off");
        return archive;

        object? Next(Func<object?[], object> persistent)
        {
            var reader = new PickleReader(bytes.AsMemory(position), persistent);
            var value = reader.Load();
            position += reader.Position;
            return value;
        }
    }

    private static Int128 LegacyMagic => ((Int128)0x1950 << 64) | 0xa86a20f9469cfc6c;

    private StorageReference Refer(object?[] id, Func<StorageReference, (ZipEntry? Entry, long Offset)> locate)
    {
        var storage = TorchGlobals.Storage(id);
        if (_storages.TryGetValue(storage.Key, out var known))
            return known.Storage == storage ? known.Storage : throw PickleReader.Damaged($"storage {storage.Key} is described in two ways");
        var (entry, offset) = locate(storage);
        _storages.Add(storage.Key, (storage, entry, offset));
        return storage;
    }
}
