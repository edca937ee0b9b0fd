using Rlhf.Foundation.Data;

namespace Rlhf.Foundation.Tests.Data;

public sealed class ThriftBoundsTests
{
    // 1: i32 3, 2: the text "ab", 3: a list of two texts "c" and "", 4: a record with a flag
    private static readonly byte[] s_record = [0x15, 6, 0x18, 2, (byte)'a', (byte)'b', 0x19, 0x28, 1, (byte)'c', 0, 0x1c, 0x11, 0, 0];

    [Fact]
    public void Check_WholeRecord_Passes() => ThriftBounds.Check(s_record);

    [Fact]
    public void Check_RecordCutAnywhere_EndsTooEarly()
    {
        for (var length = 0; length < s_record.Length; length++) Assert.Equal("it ends too early", Failure(s_record[..length]));
    }

    [Fact]
    public void Check_TextLongerThanTheRecord_EndsTooEarly() => Assert.Equal("it ends too early", Failure([0x18, 0xff, 0xff, 0xff, 0x7f, 0]));

    [Fact]
    public void Check_NumberWithoutEnd_IsRefused() => Assert.Equal("a number of it has more than 64 bits", Failure([0x15, .. Enumerable.Repeat((byte)0xff, 20), 0]));

    [Fact]
    public void Check_ListsInListsWithoutEnd_AreRefused() => Assert.Equal("its parts lie in each other too deep", Failure([.. Enumerable.Repeat((byte)0x19, 1_000_000)]));

    private static string Failure(byte[] record) => Assert.Throws<InvalidDataException>(() => ThriftBounds.Check(record)).Message;
}
