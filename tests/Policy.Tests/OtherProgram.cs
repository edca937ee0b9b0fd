using System.ComponentModel;
using System.Diagnostics;

namespace Rlhf.Policies.Tests;

/// <summary>A program that ran to its end.</summary>
internal sealed record OtherProgram(int ExitCode, string Output, string Errors)
{
    /// <summary>Null where there is no such program.</summary>
    public static OtherProgram? Run(string program, IEnumerable<string> arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new OtherProgram(process.ExitCode, output, errors.GetAwaiter().GetResult());
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
