using System.Globalization;
using System.IO.Compression;
using static TorchSharp.torch;

namespace TorchSharp.PyBridge;

/// <summary>Writes state dictionaries that torch.load reads: the zip format, protocol 2.</summary>
public static class PyTorchPickler
{
    public static void PickleStateDict(string file, Dictionary<string, Tensor> source) =>
        AtomicFile.Write(file, stream => Write(stream, source));

    public static void PickleStateDict(Stream stream, Dictionary<string, Tensor> source, bool leaveOpen = false)
    {
        Write(stream, source);
        if (!leaveOpen) stream.Close();
    }

    private static void Write(Stream stream, Dictionary<string, Tensor> source)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        var pickle = new PickleWriter();
        var key = 0;
        pickle.BeginDictionary();
        foreach (var (name, tensor) in source)
        {
            pickle.Text(name);
            pickle.Tensor(TorchGlobals.StorageName(tensor.dtype), key++.ToString(CultureInfo.InvariantCulture), tensor.shape, tensor.requires_grad);
        }

        pickle.EndDictionary();
        Entry(archive, "model/data.pkl", entry => entry.Write(pickle.ToArray()));
        key = 0;
        foreach (var tensor in source.Values) Entry(archive, $"model/data/{key++}", entry => TensorBytes.Write(tensor, entry));
        Entry(archive, "model/version", entry => entry.Write("3\n"u8));
    }

    private static void Entry(ZipArchive archive, string name, Action<Stream> write)
    {
        using var entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        write(entry);
    }
}
