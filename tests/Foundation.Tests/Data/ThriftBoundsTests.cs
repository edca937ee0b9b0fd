using Rlhf.Foundation.Data;

namespace Rlhf.Foundation.Tests.Data;

public sealed class ThriftBoundsTests
{
    // Of a column: 1: the number 3; 3: a list of two texts, "c" and ""; 12: a record with a text "ab" and, as field 7, a flag; 30, which
    // nobody knows: a list of one number
    private static readonly byte[] s_column = [0x15, 6, 0x29, 0x28, 1, (byte)'c', 0, 0x9c, 0x18, 2, (byte)'a', (byte)'b', 0x61, 0, 0x09, 60, 0x15, 2, 0];

    [Fact]
    public void Check_WholeRecord_Passes() => ThriftBounds.Check(s_column, "ColumnMetaData");

    [Fact]
    public void Holds_RecordCutAnywhere_DoesNot()
    {
        for (var length = 0; length < s_column.Length; length++) Assert.False(ThriftBounds.Holds(s_column.AsSpan(0, length), "ColumnMetaData"));
        Assert.True(ThriftBounds.Holds([.. s_column, 1, 2, 3], "ColumnMetaData"));
    }

    [Fact]
    public void Check_TextLongerThanTheRecord_EndsTooEarly() =>
        Assert.Equal("it ends too early", Assert.Throws<EndOfStreamException>(() => ThriftBounds.Check([0x18, 0xff, 0xff, 0xff, 0x7f, 0], "KeyValue")).Message);

    [Theory]
    // a number, a record and a flag where the package reads a text whatever is there
    [InlineData("KeyValue", new byte[] { 0x15, 0xff, 0xff, 0xff, 0x7f, 0 })]
    [InlineData("KeyValue", new byte[] { 0x1c, 0, 0 })]
    [InlineData("KeyValue", new byte[] { 0x11, 0 })]
    // a list of numbers where one of texts belongs, and a text in a list's place
    [InlineData("ColumnMetaData", new byte[] { 0x39, 0x15, 2, 0 })]
    [InlineData("ColumnMetaData", new byte[] { 0x38, 0, 0 })]
    // a record that nobody knows is not passed over whole by the package
    [InlineData("KeyValue", new byte[] { 0x3c, 0, 0 })]
    public void Check_OtherTypeThanThePackageReads_IsRefused(string record, byte[] bytes) =>
        Assert.EndsWith($"of its {record} is of a type that it does not have there", Failure(bytes, record), StringComparison.Ordinal);

    [Fact]
    public void Check_NumberWithoutEnd_IsRefused() => Assert.Equal("a number of it has more than 64 bits", Failure([0x15, .. Enumerable.Repeat((byte)0xff, 20), 0], "PageHeader"));

    // Six bytes: the package would take the last for bits that are there already.
    [Fact]
    public void Check_LengthOfManyBytes_IsRefused() => Assert.Equal("a length of it has more than 31 bits", Failure([0x18, 0x81, 0x80, 0x80, 0x80, 0x80, 0, 1, 0], "KeyValue"));

    [Fact]
    public void Check_ListsInListsWithoutEnd_AreRefused() => Assert.Equal("its parts lie in each other too deep", Failure([0x39, .. Enumerable.Repeat((byte)0x19, 1_000_000)], "KeyValue"));

    private static string Failure(byte[] bytes, string record) => Assert.Throws<InvalidDataException>(() => ThriftBounds.Check(bytes, record)).Message;
}
