using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Torch;

/// <summary>Functions that TorchSharp's native library calls and the libtorch below it does not have: a call of one ends the process.</summary>
internal static class MissingFunctions
{
    /// <param name="path">of TorchSharp's library</param>
    /// <param name="library">the same, loaded: what it finds is what the libraries below it have</param>
    public static IReadOnlyList<string> Of(string path, nint library) =>
        [.. ElfLibrary.Read(File.ReadAllBytes(path), elf => elf.Wanted()).Where(name => !NativeLibrary.TryGetExport(library, name, out _))];
}
