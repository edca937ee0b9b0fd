using System.Security.Cryptography;
using System.Text;

namespace Rlhf.Foundation.Files;

/// <summary>A line of JSON that ends with a sum of what stands before it: what a disk has changed since is not believed.</summary>
internal static class SummedLine
{
    private const string Field = ",\"sum\":\"";
    private const int Digits = 16;

    /// <param name="json">an object with a field at least</param>
    public static string Of(string json) => $"{json[..^1]}{Field}{Sum(json)}\"}}";

    /// <summary>Whether a line says what was written; one without a sum is believed, as earlier builds wrote it.</summary>
    public static bool Holds(string line)
    {
        var at = line.Length - Field.Length - Digits - 2;
        return at < 0 || string.CompareOrdinal(line, at, Field, 0, Field.Length) != 0 || line.AsSpan(at + Field.Length, Digits).SequenceEqual(Sum(line[..at] + "}"));
    }

    private static string Sum(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)).AsSpan(0, Digits / 2));
}
