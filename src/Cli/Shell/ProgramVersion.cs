using System.Reflection;

namespace Rlhf.Cli.Shell;

internal static class ProgramVersion
{
    /// <summary><c>rlhf 0.1.0+commit</c>.</summary>
    public static string Text { get; } = "rlhf " + (typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");
}
