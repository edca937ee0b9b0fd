using System.Text.Json;
using Rlhf.Cli.Shell;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf doctor</c>: looks at everything the program stands on and says how to mend what is wrong.</summary>
internal static class DoctorCommand
{
    public static Command Create() => Command.For<DoctorRecipe>("doctor", "Says which libtorch serves and from where, checks threads, GPU, memory and disk, and says how to mend.", Run) with
    {
        Examples = ["rlhf doctor", "rlhf doctor --json"],
    };

    private static int Run(DoctorRecipe recipe, CommandContext context)
    {
        var findings = Checkup.All();
        if (context.Format == OutputFormat.Json) context.Output.WriteLine(JsonSerializer.Serialize(findings, JsonText.Lines));
        else foreach (var finding in findings) Print(finding, context.Output);
        return findings.Any(finding => finding.Health == Health.Bad) ? 1 : 0;
    }

    private static void Print(Finding finding, TextWriter output)
    {
        output.WriteLine($"{finding.Health.ToString().ToLowerInvariant(),-5} {finding.Subject,-10} {finding.Found}");
        if (finding.Advice.Length > 0) output.WriteLine($"{"",-16} {finding.Advice}");
    }
}

/// <summary>The doctor has no keys.</summary>
internal sealed record DoctorRecipe;

internal enum Health
{
    Good,
    Poor,
    Bad,
}

/// <summary>What the doctor found about one thing, and what to do about it.</summary>
internal sealed record Finding(string Subject, Health Health, string Found, string Advice = "");
