using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rlhf.Cli.Tests.House;

/// <summary>What the program is made of: each package is locked at the version that was chosen, and named in the notices.</summary>
public sealed partial class SupplyTests
{
    private static readonly string[] s_projects =
        [.. Directory.GetFiles(TestData.Repository, "*.csproj", SearchOption.AllDirectories).Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/artifacts/", StringComparison.Ordinal))];

    [Fact]
    public void Notices_EveryPackageThatTheProgramShipsWith_IsListedWithItsVersionAndLicence()
    {
        var listed = Listed().Matches(Text("THIRD-PARTY-NOTICES")).Select(match => (Name: match.Groups[1].Value, Version: match.Groups[2].Value)).Order().ToArray();
        var building = Building().Matches(Text("Directory.Build.props")).Select(match => match.Groups[1].Value).ToArray();
        var shipped = Locked(Path.Combine(TestData.Repository, "src", "Cli", "packages.lock.json")).Where(package => !building.Contains(package.Name)).Select(package => (package.Name, package.Version)).Order().ToArray();

        Assert.True(shipped.Length > 15, $"{shipped.Length} packages");
        // What is missing or of an older version: run scripts/notices.sh.
        Assert.Equal(shipped, listed);
    }

    [Fact]
    public void Locks_EveryProject_HoldsTheVersionsThatWereChosen()
    {
        var chosen = Chosen().Matches(Text("Directory.Packages.props")).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        foreach (var project in s_projects)
        {
            var locked = Locked(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json")).ToArray();
            Assert.NotEmpty(locked);
            foreach (var (name, version, hash) in locked)
            {
                Assert.True(hash.Length > 40, $"{project}: {name} has no hash of its content");
                if (chosen.TryGetValue(name, out var wanted)) Assert.True(version == wanted, $"{project}: {name} is locked at {version}, chosen is {wanted}; dotnet restore Rlhf.sln --force-evaluate");
            }
        }
    }

    private static IEnumerable<(string Name, string Version, string Hash)> Locked(string path)
    {
        Assert.True(File.Exists(path), $"{path} is missing; dotnet restore Rlhf.sln writes it");
        using var json = JsonDocument.Parse(File.ReadAllText(path));
        var framework = json.RootElement.GetProperty("dependencies").EnumerateObject().First().Value;
        foreach (var package in framework.EnumerateObject())
            if (package.Value.GetProperty("type").GetString() != "Project") yield return (package.Name, package.Value.GetProperty("resolved").GetString()!, package.Value.GetProperty("contentHash").GetString()!);
    }

    private static string Text(string name) => File.ReadAllText(Path.Combine(TestData.Repository, name));

    [GeneratedRegex(@"^(\S+) (\S+)\n  licence    \S", RegexOptions.Multiline)]
    private static partial Regex Listed();

    [GeneratedRegex(@"<PackageVersion Include=""([^""]+)"" Version=""([^""]+)""")]
    private static partial Regex Chosen();

    [GeneratedRegex(@"<PackageReference Include=""([^""]+)"" PrivateAssets=""all""")]
    private static partial Regex Building();
}
