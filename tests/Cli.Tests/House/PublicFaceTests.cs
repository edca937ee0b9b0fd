using System.Reflection;
using Rlhf.Foundation;
using Rlhf.Policies.Models;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Cli.Tests.House;

/// <summary>
/// What the packages show: the public types of each assembly, against a list that was decided on. A type that is to be public
/// gets its line in public-types.txt, and its reason in docs/decisions.md.
/// </summary>
public sealed class PublicFaceTests
{
    private static readonly Assembly[] s_assemblies = [typeof(PpoTraining).Assembly, typeof(IScorer).Assembly, typeof(CausalLm).Assembly, typeof(RlhfException).Assembly];

    private static readonly string[] s_shown = [.. s_assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => !type.IsNested).Select(type => type.FullName!).Order(StringComparer.Ordinal)];

    private static readonly string[] s_approved =
        [.. File.ReadAllLines(Path.Combine(TestData.Repository, "tests", "Cli.Tests", "House", "public-types.txt")).Where(line => line.Length > 0).Order(StringComparer.Ordinal)];

    [Fact]
    public void PublicTypes_OfThePackages_AreThoseDecidedOn()
    {
        Assert.True(s_shown.Except(s_approved).ToArray() is [], "public and not in the list: " + string.Join(", ", s_shown.Except(s_approved)));
        Assert.True(s_approved.Except(s_shown).ToArray() is [], "in the list and not public: " + string.Join(", ", s_approved.Except(s_shown)));
    }

    [Fact]
    public void PublicTypes_OfThePackages_AreDocumented()
    {
        var documented = s_assemblies.Select(assembly => File.ReadAllText(Path.ChangeExtension(assembly.Location, ".xml"))).ToArray();

        Assert.All(s_shown, type => Assert.Contains(documented, text => text.Contains($"<member name=\"T:{type}\">", StringComparison.Ordinal)));
    }
}
