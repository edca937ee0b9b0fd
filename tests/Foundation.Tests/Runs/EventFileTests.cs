using System.Text;
using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Torch;

namespace Rlhf.Foundation.Tests.Runs;

public sealed class EventFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Continue_NewFile_BeginsAsTensorFlowsDo()
    {
        using (EventFile.Continue(_folder.Path, 0, new Dictionary<string, long>())) { }

        var bytes = File.ReadAllBytes(Directory.GetFiles(_folder.Path).Single());
        // Every event file TensorFlow writes starts with these twelve bytes: length 24 and its masked checksum.
        Assert.Equal([0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22], bytes[..12]);
        var version = EventReader.Fields(EventReader.Frames(bytes).Single()).Single(field => field.Field == 3);
        Assert.Equal("brain.Event:2", Encoding.UTF8.GetString(version.Bytes));
    }

    [Fact]
    public void Continue_ClockWentBack_IsStillTheLastByName()
    {
        var later = $"events.out.tfevents.{DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeSeconds()}.host.1.0";
        File.WriteAllBytes(_folder.At(later), [1, 2, 3]);

        using (EventFile.Continue(_folder.Path, 1, new Dictionary<string, long> { [later] = 3 })) { }

        var names = Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal((2, later), (names.Length, names[0]));
    }

    [Fact]
    public void Add_Scalars_CanBeReadBack()
    {
        using (var file = EventFile.Continue(_folder.Path, 0, new Dictionary<string, long>()))
        {
            file.Add(300, new Dictionary<string, double> { ["loss/policy"] = 0.5, ["kl"] = -2 });
        }

        Assert.Equal([new(300, "loss/policy", 0.5f), new(300, "kl", -2)], EventReader.Read(_folder.Path));
    }

    [Fact]
    public void Continue_AtAStep_TellsTensorBoardToDropLaterOnes()
    {
        using (EventFile.Continue(_folder.Path, 4, new Dictionary<string, long>())) { }

        var restart = EventReader.Fields(EventReader.Frames(File.ReadAllBytes(Directory.GetFiles(_folder.Path).Single())).Last());
        Assert.Equal(5ul, restart.Single(field => field.Field == 2).Number);
        // SessionLog { status = START (1) }
        Assert.Equal([0x08, 0x01], restart.Single(field => field.Field == 7).Bytes);
    }
}
