using System.IO.Compression;
using System.Text;
using Rlhf.Foundation.Data;

namespace Rlhf.Foundation.Tests.Data;

/// <summary>A file of rows in a folder of its own, gone after the test.</summary>
internal sealed class RowFile : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("rows").FullName;

    private RowFile(string name, byte[] content)
    {
        Path = System.IO.Path.Combine(folder, name);
        File.WriteAllBytes(Path, content);
    }

    public string Path { get; }

    public static RowFile Of(string name, string content) => new(name, Encoding.UTF8.GetBytes(content));

    public static RowFile Of(string name, byte[] content) => new(name, content);

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(content);
        return packed.ToArray();
    }

    /// <summary>The message that reading the whole file ends with.</summary>
    public string Error() => Assert.Throws<RlhfException>(() => RowReader.Read(Path).ToList()).Message;

    public List<Row> Rows() => [.. RowReader.Read(Path)];

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
