using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Torch;

/// <summary>OpenMP's threads, which libtorch computes with on a CPU.</summary>
internal static partial class NativeThreads
{
    /// <summary>
    /// A thread that has done its part looks for the others so often before it sleeps. By GNU's default (300,000) it looks for as long as
    /// others' programs could have had its core: beside them a training step took 1.6 times as long, and alone no less.
    /// </summary>
    private const string Looks = "1000";

    /// <summary>Before libtorch is loaded, which reads it then. What the environment says comes first.</summary>
    public static void SleepSoon()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is { Length: > 0 }) return;
        _ = SetVariable("GOMP_SPINCOUNT", Looks, overwrite: 0);
    }

    // What .NET calls the environment is a copy, which libraries do not see.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
