using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// The libtorch of this process, found and loaded before TorchSharp looks for one itself: TorchSharp goes by name, finds what
/// a distribution installed, and mixes versions.
/// </summary>
public static class Libtorch
{
    /// <summary>The versions whose tensors TorchSharp reads right.</summary>
    public const string Fitting = "2.10 or 2.11";

    private const string Wrapper = "libLibTorchSharp.so";

    private static readonly Lock s_gate = new();
    private static LibtorchFolder? s_folder;
    private static Exception? s_failure;
    private static nint s_library, s_cuda, s_wrapper;
    private static bool s_begun;

    /// <summary>TorchSharp's version.</summary>
    public static string TorchSharpVersion { get; } = typeof(Libtorch).Assembly.GetReferencedAssemblies().Single(one => one.Name == nameof(TorchSharp)).Version!.ToString(3);

    /// <summary>The version of the libtorch that is loaded, as it says itself.</summary>
    public static Version Version
    {
        get
        {
            Load();
            var packed = StableInterface.VersionOfLibtorch();
            return new Version((byte)(packed >> 56), (byte)(packed >> 48), (byte)(packed >> 40));
        }
    }

    /// <summary>The functions that TorchSharp calls and this libtorch lacks, by the names that its libraries have for them.</summary>
    public static IReadOnlyList<string> MissingFunctions
    {
        get
        {
            Load();
            return Torch.MissingFunctions.Of(OwnWrapper(), s_wrapper);
        }
    }

    /// <summary>The handle of libtorch_cpu.</summary>
    internal static nint Cpu
    {
        get
        {
            Load();
            return s_library;
        }
    }

    /// <summary>The handle of libtorch_cuda; 0 where this libtorch is for processors alone.</summary>
    internal static nint Cuda
    {
        get
        {
            Load();
            return s_cuda;
        }
    }

    /// <summary>Loads libtorch where that has not happened yet, and says from where.</summary>
    /// <exception cref="RlhfException">There is none, or it does not fit. A process that uses TorchSharp all the same is ended, where that can be seen.</exception>
    public static LibtorchFolder Load()
    {
        lock (s_gate)
        {
            if (!s_begun)
            {
                s_begun = true;
                try
                {
                    s_folder = LoadOnce();
                }
                catch (RlhfException failure)
                {
                    s_failure = failure;
                }
            }

            return s_folder ?? throw new RlhfException(s_failure!.Message, s_failure);
        }
    }

    /// <summary>Whoever uses TorchSharp first loads libtorch, also where nobody asked for it.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Nothing else runs before a user of this library touches TorchSharp.")]
    internal static void LoadWithTorchSharp()
    {
        NativeLibrary.SetDllImportResolver(typeof(Libtorch).Assembly, (name, _, _) => name == StableInterface.Library ? Cpu : 0);
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => LoadFor(loaded.LoadedAssembly);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies()) LoadFor(assembly);
    }

    private static void LoadFor(Assembly assembly)
    {
        // While it is being loaded, its own check is what uses TorchSharp. After a failure nobody may.
        if (assembly.GetName().Name != nameof(TorchSharp) || (s_begun && s_failure is null)) return;
        try
        {
            Load();
        }
        catch (RlhfException failure)
        {
            // An exception does not get out of here, and TorchSharp would go on and take whatever it finds. Nor does this line get
            // lost where Console.Error leads elsewhere.
            using (var error = Console.OpenStandardError()) error.Write(Encoding.UTF8.GetBytes(failure.Message + Environment.NewLine));
            Environment.Exit(1);
        }
    }

    private static LibtorchFolder LoadOnce()
    {
        var folder = LibtorchFolder.Find();
        var version = LibtorchVersion.Of(folder.Path);
        // Older ones lack what TorchSharp calls, and a call to nowhere ends the process.
        if (version is not null && version < new Version(2, 10)) throw Unfit(folder, version, "is too old");
        NativeAllocator.KeepFreedMemory();
        NativeThreads.SleepSoon();
        Open(Path.Combine(folder.Path, LibtorchFolder.Library));
        s_library = Open(Path.Combine(folder.Path, "libtorch_cpu.so"));
        var cuda = Path.Combine(folder.Path, "libtorch_cuda.so");
        if (File.Exists(cuda)) s_cuda = Open(cuda);
        s_wrapper = folder.Source == LibtorchSource.Package ? OpenWrapper() : OpenWrapperOver(folder, version);
        return folder;
    }

    private static nint Open(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
        {
            throw new RlhfException($"{path} cannot be loaded: {LoaderMessage.Of(failure, path)}", failure);
        }
    }

    private static string OwnWrapper() => LibtorchFolder.Own(Wrapper)
        ?? throw new RlhfException($"{Wrapper} of TorchSharp {TorchSharpVersion} is not beside the program, nor where the build found it; build or publish again");

    /// <summary>A libtorch from elsewhere may lack what TorchSharp calls, or lay its tensors out otherwise.</summary>
    private static nint OpenWrapperOver(LibtorchFolder folder, Version? version)
    {
        nint wrapper;
        try
        {
            wrapper = OpenWrapper();
        }
        catch (RlhfException failure)
        {
            throw Unfit(folder, version, $"does not fit: {failure.Message}");
        }

        if (FitCheck.OnCpu() is not { } wrong) return wrapper;
        var missing = Torch.MissingFunctions.Of(OwnWrapper(), wrapper);
        throw Unfit(folder, version, $"does not fit: {wrong}{(missing.Count == 0 ? "" : $", and of the functions that TorchSharp calls {missing.Count} are missing ({string.Join(", ", missing.Take(3))} …)")}");
    }

    private static nint OpenWrapper()
    {
        var path = OwnWrapper();
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException failure) when (failure.Message.Contains(WrapperCopy.MissingVersion, StringComparison.Ordinal))
        {
            return Open(WrapperCopy.For(path, TorchSharpVersion));
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
        {
            throw new RlhfException($"{path} cannot be loaded: {LoaderMessage.Of(failure, path)}", failure);
        }
    }

    private static RlhfException Unfit(LibtorchFolder folder, Version? version, string why) =>
        new($"libtorch {version?.ToString() ?? "of unknown version"} in {folder.Path} {why}; TorchSharp {TorchSharpVersion} was built against 2.10 and wants PyTorch {Fitting}: install one, point {LibtorchFolder.Variable} at it, or unset that");
}
