using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Runs;

/// <summary><c>environment.json</c>: what a run ran on. Resuming on other facts is allowed and warned about.</summary>
internal static class RunEnvironment
{
    private const string FileName = "environment.json";

    public static void Record(string folder, IReadOnlyDictionary<string, string> facts, Action<string> warn)
    {
        var path = Path.Combine(folder, FileName);
        var now = Facts(facts);
        foreach (var (name, before) in Read(path))
        {
            if (name is "host" or "process" or "command" or "started") continue;
            if (now.TryGetValue(name, out var value) && value != before) warn($"this run began with {name} {before} and goes on with {value}: its numbers may differ in their last bits from those without the stop");
        }

        Durable.WriteText(path, JsonSerializer.Serialize(now, JsonText.Indented) + "\n");
    }

    private static Dictionary<string, string> Facts(IReadOnlyDictionary<string, string> facts)
    {
        var all = new Dictionary<string, string>
        {
            ["rlhf"] = typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            ["dotnet"] = RuntimeInformation.FrameworkDescription,
            ["system"] = RuntimeInformation.OSDescription,
            ["processor"] = $"{RuntimeInformation.ProcessArchitecture}, {System.Environment.ProcessorCount} cores",
        };
        foreach (var (name, value) in facts) all[name] = value;
        all["host"] = System.Environment.MachineName;
        all["process"] = System.Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        all["started"] = DateTime.UtcNow.ToString("u", System.Globalization.CultureInfo.InvariantCulture);
        all["command"] = string.Join(' ', System.Environment.GetCommandLineArgs());
        return all;
    }

    private static Dictionary<string, string> Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(path)) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
