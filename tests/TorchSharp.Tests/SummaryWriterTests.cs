using System.Buffers.Binary;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class SummaryWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("summary").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Writer_ScalarTextHistogram_WritesTheKnownMessages()
    {
        using (var writer = utils.tensorboard.SummaryWriter(_folder, "-x"))
        {
            writer.add_scalar("loss", 0.5f, 3, walltime: 1);
            writer.add_text("note", "hi", 4, walltime: 1);
            using var values = tensor([1.0, 1.0, -2.0]);
            writer.add_histogram("w", values, 5, walltime: 1);
        }

        var path = Directory.GetFiles(_folder).Single();
        Assert.EndsWith("-x", path, StringComparison.Ordinal);
        var messages = Frames(File.ReadAllBytes(path));
        Assert.Equal(4, messages.Count);
        // Event { wall_time = 1.0, step = 3, summary { value { tag "loss", simple_value 0.5 } } }, byte for byte.
        Assert.Equal("09000000000000F03F10032A0D0A0B0A046C6F73731500" + "00003F", Convert.ToHexString(messages[1]));
        // … value { tag "note", tensor { DT_STRING, shape [1], "hi" }, metadata { plugin_data { "text" } } }
        Assert.Equal("09000000000000F03F10042A200A1E0A046E6F7465" + "420C080712041202080142026869" + "4A080A060A0474657874", Convert.ToHexString(messages[2]));
        var histogram = Convert.ToHexString(messages[3]);
        // min −2, max 1, num 3, sum 0, sum of squares 6
        Assert.Contains("0900000000000000C0" + "11000000000000F03F" + "190000000000000840" + "210000000000000000" + "290000000000001840", histogram, StringComparison.Ordinal);
    }

    [Fact]
    public void Histogram_OfNaN_IsRefused()
    {
        using var writer = utils.tensorboard.SummaryWriter(_folder);
        using var values = tensor([double.NaN]);
        Assert.Throws<ArgumentException>(() => writer.add_histogram("w", values, 0));
    }

    private static List<byte[]> Frames(byte[] file)
    {
        var messages = new List<byte[]>();
        for (var at = 0; at < file.Length;)
        {
            var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            messages.Add(file[(at + 12)..(at + 12 + length)]);
            at += 16 + length;
        }

        Assert.Contains("brain.Event:2", Encoding.ASCII.GetString(messages[0]), StringComparison.Ordinal);
        return messages;
    }
}
