using Parquet.Serialization;
using Rlhf.TestSupport;

namespace Parquet.Tests;

/// <summary>What the fuzzer needs to know of Parquet.</summary>
internal static class ParquetFuzz
{
    public static FuzzTarget Target { get; } = new("parquet", Originals, Parse, typeof(ParquetException));

    public static IReadOnlyList<byte[]> Originals() =>
        [.. Directory.GetFiles(Path.Combine(TestData.Repository, "tests", "Parquet.Tests", "files"), "*.parquet").Order().Select(File.ReadAllBytes)];

    private static void Parse(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes, writable: false);
        ParquetSerializer.DeserializeUntypedAsync(stream).GetAwaiter().GetResult();
    }
}
