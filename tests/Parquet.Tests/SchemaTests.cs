using Parquet.Meta;
using Parquet.Schema;

namespace Parquet.Tests;

/// <summary>Lists as writers of all times describe them (LogicalTypes.md, "Backward-compatibility rules").</summary>
public sealed class SchemaTests
{
    [Fact]
    public void List_Standard_HasItsItemUnderARepeatedGroup()
    {
        var list = Only<ListField>(Group("my_list", 1, LogicalType.List), Repeated("list", 1), Text("element"));
        Assert.Equal("my_list/list/element", Leaf(list).Path.ToString());
        Assert.Equal((3, 1), Levels(list));
    }

    [Fact]
    public void List_RepeatedValueInside_IsAListOfRequiredItems()
    {
        var list = Only<ListField>(Group("my_list", 1, LogicalType.List), Value("element", Repetition.Repeated));
        Assert.Equal("my_list/element", Leaf(list).Path.ToString());
        Assert.Equal((2, 1), Levels(list));
    }

    [Fact]
    public void List_RepeatedGroupOfSeveralFields_IsAListOfStructs()
    {
        var list = Only<ListField>(Group("my_list", 1, LogicalType.List), Repeated("element", 2), Text("role"), Text("content"));
        Assert.Equal(["my_list/element/role", "my_list/element/content"], list.Leaves.Select(leaf => leaf.Path.ToString()));
        Assert.Equal(SchemaType.Struct, list.Item.SchemaType);
    }

    [Theory]
    [InlineData("array")]
    [InlineData("my_list_tuple")]
    public void List_RepeatedGroupOfAnOldName_IsAListOfStructs(string name)
    {
        var list = Only<ListField>(Group("my_list", 1, LogicalType.List), Repeated(name, 1), Text("text"));
        Assert.Equal(SchemaType.Struct, list.Item.SchemaType);
        Assert.Equal((3, 1), Levels(list));
    }

    [Fact]
    public void Repeated_WithoutAList_IsAListThatCannotLack()
    {
        var list = Only<ListField>(Value("numbers", Repetition.Repeated));
        Assert.Equal("numbers", Leaf(list).Path.ToString());
        Assert.Equal((1, 1), Levels(list));
    }

    [Fact]
    public void Map_IsAListOfPairs()
    {
        var list = Only<ListField>(Group("map", 1, LogicalType.Map), Repeated("key_value", 2), Value("key", Repetition.Required), Text("value"));
        Assert.Equal(["map/key_value/key", "map/key_value/value"], list.Leaves.Select(leaf => leaf.Path.ToString()));
    }

    [Fact]
    public void Schema_ThatDoesNotAddUp_IsRefused()
    {
        Assert.Contains("lists 3 elements and uses 2", Error(Root(1), Text("a"), Text("b")));
        Assert.Contains("ends early", Error(Root(2), Text("a")));
        Assert.Contains("declares 5 fields", Error(Root(1), Group("g", 5, LogicalType.None), Text("a")));
        Assert.Contains("'a' twice", Error(Root(2), Text("a"), Text("a")));
        Assert.Contains("neither a type nor fields", Error(Root(1), new SchemaElement { Name = "x" }));
        Assert.Contains("neither a type nor fields", Error(Root(1), new SchemaElement { Name = "x", Children = -1 }));
        Assert.Contains("values of 0 bytes", Error(Root(1), new SchemaElement { Name = "x", Type = PhysicalType.FixedLenByteArray }));
        SchemaElement[] deep = [Root(1), .. Enumerable.Repeat(Group("g", 1, LogicalType.None), 200), Text("a")];
        Assert.Contains("nests deeper", Error(deep));
    }

    private static string Error(params SchemaElement[] elements) => Assert.Throws<ParquetException>(() => SchemaReader.Read(elements, new ParquetOptions())).Message;

    private static T Only<T>(params SchemaElement[] elements) where T : Field =>
        Assert.IsType<T>(Assert.Single(SchemaReader.Read([Root(1), .. elements], new ParquetOptions()).Fields));

    private static DataField Leaf(Field field) => Assert.Single(field.Leaves);

    private static (int Definition, int Repetition) Levels(Field field) => (Leaf(field).MaxDefinitionLevel, Leaf(field).MaxRepetitionLevel);

    private static SchemaElement Root(int children) => new() { Name = "root", Children = children };

    private static SchemaElement Group(string name, int children, LogicalType logical) => new() { Name = name, Children = children, Logical = logical, Repetition = Repetition.Optional };

    private static SchemaElement Repeated(string name, int children) => new() { Name = name, Children = children, Repetition = Repetition.Repeated };

    private static SchemaElement Text(string name) => Value(name, Repetition.Optional);

    private static SchemaElement Value(string name, Repetition repetition) => new() { Name = name, Type = PhysicalType.ByteArray, Logical = LogicalType.String, Repetition = repetition };
}
