using System.IO.Compression;
using System.Text.Json.Nodes;
using Rlhf.Policies.Checkpoints;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Scripts;

/// <summary>The packages of the library, used as README says: by a program of one's own that knows nothing of this checkout.</summary>
public sealed class PackTests : IDisposable
{
    private readonly Bash _shell = new();
    private readonly TinyWorld _world = new();

    public void Dispose()
    {
        _shell.Dispose();
        _world.Dispose();
    }

    [Fact]
    public void Packages_InAProgramOfOnesOwn_RunTheProgramThatReadmePrints()
    {
        var packed = Said($"bash '{TestData.Repository}/scripts/pack.sh' packages");
        var cache = Said("dotnet nuget locals global-packages --list").Trim().Split(' ', 2)[1];
        foreach (var package in new[] { "torchsharp/0.107.0", "libtorch-cpu-linux-x64/2.10.0" })
            Assert.SkipUnless(Directory.Exists(Path.Combine(cache, package)), $"{package} is not in {cache}: the build took another libtorch");
        Assert.Equal(["Rlhf", "Rlhf.Foundation", "Rlhf.Policies", "Rlhf.Rewards"], packed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Holds).Order(StringComparer.Ordinal));

        // What the machine has of other packages is taken from where it is: neither the network nor a copy is needed.
        Directory.CreateDirectory(Path.Combine(_shell.Folder, "mine"));
        File.WriteAllText(Path.Combine(_shell.Folder, "mine", "mine.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <RestoreSources>{_shell.Folder}/packages</RestoreSources>
                <RestorePackagesPath>{_shell.Folder}/restored</RestorePackagesPath>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Rlhf" Version="0.1.0" />
                <PackageReference Include="libtorch-cpu-linux-x64" Version="2.10.0" />
              </ItemGroup>
            </Project>
            """);
        File.Copy(Path.Combine(TestData.Repository, "examples", "CustomReward", "Program.cs"), Path.Combine(_shell.Folder, "mine", "Program.cs"));
        using (var model = _world.Model(context: 128)) ModelFolder.Save(model, Path.Combine(_shell.Folder, "model"), new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        Said("dotnet build mine -c Release -v quiet -clp:NoSummary");
        var settings = JsonNode.Parse(File.ReadAllText(Path.Combine(_shell.Folder, "mine/bin/Release/net10.0/mine.runtimeconfig.json")))!["runtimeOptions"]!["configProperties"]!;
        Assert.True(settings["System.IO.Compression.UseStrictValidation"]!.GetValue<bool>());
        Assert.False(settings["System.Runtime.TieredPGO"]!.GetValue<bool>());

        var said = Said("dotnet mine/bin/Release/net10.0/mine.dll model run 2");

        Assert.StartsWith("the model is in run/final", said, StringComparison.Ordinal);
        Assert.Equal(2, File.ReadAllLines(Path.Combine(_shell.Folder, "run", "metrics.jsonl")).Length);
    }

    /// <summary>Looks into a package: its name, licence, readme, documentation, and that it takes TorchSharp whole.</summary>
    private static string Holds(string path)
    {
        using var package = ZipFile.OpenRead(path);
        var files = package.Entries.Select(entry => entry.FullName).ToArray();
        using var stream = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        var about = System.Xml.Linq.XDocument.Load(stream).Root!.Elements().Single();
        string Of(string name) => about.Elements().Single(element => element.Name.LocalName == name).Value;
        var id = Of("id");
        Assert.Equal(("MIT", "README.md", "0.1.0"), (Of("license"), Of("readme"), Of("version")));
        Assert.NotEmpty(Of("description"));
        Assert.Contains("README.md", files);
        Assert.Contains($"lib/net10.0/{id}.dll", files);
        Assert.Contains($"lib/net10.0/{id}.xml", files);
        Assert.DoesNotContain(files, file => file.Contains("native-folders", StringComparison.Ordinal));
        var dependencies = about.Descendants().Where(element => element.Name.LocalName == "dependency").ToArray();
        Assert.DoesNotContain(dependencies, dependency => dependency.Attribute("exclude")?.Value.Contains("Native", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(dependencies, dependency => dependency.Attribute("id")!.Value.StartsWith("libtorch", StringComparison.Ordinal));
        return id;
    }

    // Into files: the compiler's server outlives the build and would hold a pipe open.
    private string Said(string command)
    {
        var ending = _shell.Run($"export MSBUILDDISABLENODEREUSE=1; {command} > said.txt 2> error.txt < /dev/null", seconds: 240);
        var said = File.ReadAllText(Path.Combine(_shell.Folder, "said.txt"));
        Assert.True(ending.Code == 0, $"{command}\n{said}{File.ReadAllText(Path.Combine(_shell.Folder, "error.txt"))}");
        return said;
    }
}
