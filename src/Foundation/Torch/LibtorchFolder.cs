using System.Diagnostics;

namespace Rlhf.Foundation.Torch;

/// <summary>Who named the folder that libtorch is taken from.</summary>
public enum LibtorchSource
{
    /// <summary>The package that the build restored, or its copy beside a published program.</summary>
    Package,
    /// <summary>The variable <c>RLHF_LIBTORCH</c>.</summary>
    Variable,
    /// <summary>The PyTorch of <c>python3</c>.</summary>
    Python,
}

/// <summary>The folder that libtorch's libraries are loaded from.</summary>
public sealed record LibtorchFolder(string Path, LibtorchSource Source)
{
    internal const string Variable = "RLHF_LIBTORCH", Library = "libtorch.so";

    // Written by the build, one folder a line; a published program has none.
    private const string NotedFolders = "native-folders.txt";

    private const string AskPython = "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";

    /// <summary>The variable's folder, else the program's own, else that of the machine's PyTorch.</summary>
    /// <exception cref="RlhfException">There is none.</exception>
    public static LibtorchFolder Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return Within(named) is { } found ? new(found, LibtorchSource.Variable)
                : throw new RlhfException($"{Variable} is {named}, where there is no {Library}, nor under lib; point it at the folder of libtorch or of PyTorch, or unset it");
        }

        if (Own(Library) is { } own) return new(System.IO.Path.GetDirectoryName(own)!, LibtorchSource.Package);
        return Within(OfPython()) is { } installed ? new(installed, LibtorchSource.Python)
            : throw new RlhfException($"there is no libtorch: this program was built without one, python3 has no PyTorch, and {Variable} names no folder; install PyTorch {Libtorch.Fitting}, or set {Variable}");
    }

    /// <summary>A native library of the program's packages; null where the program has none of the name.</summary>
    internal static string? Own(string library)
    {
        var home = AppContext.BaseDirectory;
        var noted = System.IO.Path.Combine(home, NotedFolders);
        string[] folders = [home, System.IO.Path.Combine(home, "runtimes", "linux-x64", "native"), .. File.Exists(noted) ? File.ReadAllLines(noted) : []];
        return folders.Select(folder => System.IO.Path.Combine(folder, library)).FirstOrDefault(File.Exists);
    }

    private static string? Within(string? folder) =>
        folder is null ? null : new[] { folder, System.IO.Path.Combine(folder, "lib") }.FirstOrDefault(one => File.Exists(System.IO.Path.Combine(one, Library)));

    private static string? OfPython()
    {
        try
        {
            using var python = Process.Start(new ProcessStartInfo("python3", ["-c", AskPython]) { RedirectStandardOutput = true, RedirectStandardError = true });
            var answer = python!.StandardOutput.ReadToEnd().Trim();
            python.WaitForExit();
            return answer.Length > 0 ? answer : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // there is no python3
        }
    }
}
