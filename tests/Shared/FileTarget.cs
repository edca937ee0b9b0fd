using Rlhf.Foundation;

namespace Rlhf.TestSupport;

/// <summary>Targets whose parser reads a file of a certain name from disk.</summary>
internal static class FileTarget
{
    /// <summary>A parser that takes the file's path and refuses with one line.</summary>
    /// <param name="prepare">puts what has to stand beside the file into its folder</param>
    public static FuzzTarget Of(string format, string name, Func<IReadOnlyList<byte[]>> originals, Action<string> parse, Action<string>? prepare = null)
    {
        var path = new Lazy<string>(() =>
        {
            var folder = Directory.CreateTempSubdirectory("fuzz").FullName;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
            prepare?.Invoke(folder);
            var file = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            return file;
        });
        return new FuzzTarget(format, originals, bytes =>
        {
            File.WriteAllBytes(path.Value, bytes);
            parse(path.Value);
        }, typeof(RlhfException));
    }
}
