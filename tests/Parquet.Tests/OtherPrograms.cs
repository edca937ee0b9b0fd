using System.Diagnostics;
using System.Text.Json;
using Rlhf.TestSupport;

namespace Parquet.Tests;

/// <summary>Runs the script that has other programs read and write Parquet; skips the test where they cannot be had.</summary>
internal static class OtherPrograms
{
    private const int CannotBeHad = 77;

    public static async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [Path.Combine(TestData.Repository, "scripts", "check-parquet.sh"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.SkipWhen(process.ExitCode == CannotBeHad, await errors);
        Assert.True(process.ExitCode == 0, await errors);
        return output;
    }

    /// <summary>One JSON object a line, with the order of members and the form of numbers evened out.</summary>
    public static List<string> Normal(IEnumerable<string> lines) => [.. lines.Where(line => line.Length > 0).Select(line => Normal(JsonDocument.Parse(line).RootElement))];

    public static string Normal(object row) => Normal(JsonSerializer.SerializeToElement(row));

    private static string Normal(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(",", value.EnumerateObject().Select(member => $"{member.Name}:{Normal(member.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(",", value.EnumerateArray().Select(Normal)) + "]",
        JsonValueKind.Number => value.GetDouble().ToString("R", null),
        JsonValueKind.String => $"\"{value.GetString()}\"",
        _ => value.GetRawText(),
    };
}
