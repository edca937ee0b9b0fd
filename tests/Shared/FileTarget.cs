using Rlhf.Foundation;
using Rlhf.TestSupport;

namespace Rlhf.Benchmarks.Fuzz;

/// <summary>Targets whose parser reads a file of a certain name from disk.</summary>
internal static class FileTarget
{
    /// <summary>A parser that takes the file's path and refuses with one line.</summary>
    public static FuzzTarget Of(string format, string name, Func<IReadOnlyList<byte[]>> originals, Action<string> parse)
    {
        var folder = Directory.CreateTempSubdirectory("fuzz").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var path = Path.Combine(folder, name);
        return new FuzzTarget(format, originals, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            parse(path);
        }, typeof(RlhfException));
    }
}
