namespace Rlhf.Cli.Tests.House;

/// <summary>The sources as they are.</summary>
public sealed class HouseTests
{
    /// <summary>Folders whose circles are known and are being taken apart. One that is in no circle any more has to leave the list.</summary>
    private static readonly HashSet<string> s_tolerated =
    [
        // The kernels: models, what computes them and what trains them know each other.
        "Rlhf.Policies.Generation", "Rlhf.Policies.Models", "Rlhf.Policies.Operators", "Rlhf.Policies.Sft", "Rlhf.Policies.Training",
    ];

    private static readonly HouseRules s_house = HouseRules.OfTheRepository();

    [Fact]
    public void Namespaces_OfTheHouse_AreTheirFolders() => Assert.True(s_house.WrongNamespaces.Count == 0, string.Join('\n', s_house.WrongNamespaces));

    [Fact]
    public void Rooms_OfTheHouse_KnowOnlyThoseBelow() => Assert.True(s_house.UpwardReferences.Count == 0, string.Join('\n', s_house.UpwardReferences));

    [Fact]
    public void Folders_OfTheHouse_FormNoCircle()
    {
        string[] circles = [.. s_house.Circles.Where(circle => !s_tolerated.IsSupersetOf(circle.Namespaces)).Select(circle => circle.ToString())];
        Assert.True(circles.Length == 0, string.Join('\n', circles));
    }

    [Fact]
    public void Tolerated_Folders_AreInACircleStill() =>
        Assert.Empty(s_tolerated.Except(s_house.Circles.SelectMany(circle => circle.Namespaces)));
}
