namespace Rlhf.Cli.Tests.House;

/// <summary>The sources as they are.</summary>
public sealed class HouseTests
{
    private static readonly HouseRules s_house = HouseRules.OfTheRepository();

    [Fact]
    public void Namespaces_OfTheHouse_AreTheirFolders() => Assert.True(s_house.WrongNamespaces.Count == 0, string.Join('\n', s_house.WrongNamespaces));

    [Fact]
    public void Rooms_OfTheHouse_KnowOnlyThoseBelow() => Assert.True(s_house.UpwardReferences.Count == 0, string.Join('\n', s_house.UpwardReferences));

    [Fact]
    public void Folders_OfTheHouse_FormNoCircle() => Assert.True(s_house.Circles.Count == 0, string.Join('\n', s_house.Circles));
}
