using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Tests.Texts;

public sealed class JsonSchemaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Each keyword once as it lets something through, once as it does not.
    [Theory]
    [InlineData("""{"type":"integer"}""", "3", "3.5")]
    [InlineData("""{"type":["string","null"]}""", "null", "1")]
    [InlineData("""{"type":"object","required":["a"]}""", """{"a":1}""", """{"b":1}""")]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", """{"b":1}""", """{"a":1}""")]
    [InlineData("""{"properties":{"a":{}},"additionalProperties":false}""", """{"a":1}""", """{"a":1,"b":2}""")]
    [InlineData("""{"additionalProperties":{"type":"number"}}""", """{"x":1}""", """{"x":"1"}""")]
    [InlineData("""{"items":{"minimum":2}}""", "[2,3]", "[2,1]")]
    [InlineData("""{"enum":["a",1]}""", "1", "2")]
    [InlineData("""{"const":{"a":[1]}}""", """{"a":[1]}""", """{"a":[2]}""")]
    [InlineData("""{"maximum":2}""", "2", "2.5")]
    [InlineData("""{"exclusiveMinimum":2}""", "2.1", "2")]
    [InlineData("""{"exclusiveMaximum":2}""", "1.9", "2")]
    [InlineData("""{"minLength":2}""", "\"é😀\"", "\"😀\"")]
    [InlineData("""{"maxLength":1}""", "\"😀\"", "\"ab\"")]
    [InlineData("""{"pattern":"^a+$"}""", "\"aa\"", "\"ab\"")]
    [InlineData("""{"minItems":1}""", "[1]", "[]")]
    [InlineData("""{"maxItems":1}""", "[1]", "[1,2]")]
    [InlineData("""{"anyOf":[{"type":"null"},{"minimum":5}]}""", "6", "4")]
    [InlineData("""{"allOf":[{"minimum":1},{"maximum":3}]}""", "2", "4")]
    [InlineData("""{"properties":{"a":false}}""", "{}", """{"a":1}""")]
    public void Fits_OneKeyword_LetsThroughWhatItShould(string schema, string good, string bad)
    {
        var loaded = Load(schema);
        Assert.True(loaded.Fits(Value(good)));
        Assert.False(loaded.Fits(Value(bad)));
    }

    [Theory]
    [InlineData("""{"properties":{"a":{"multipleOf":2}}}""", "#/properties/a/multipleOf: a keyword that is not understood")]
    [InlineData("""{"items":[1]}""", "#/items: found a list; expected a schema")]
    [InlineData("""{"type":"strin"}""", "#/type: found \"strin\"; expected one or some of object, array")]
    [InlineData("""{"minimum":"3"}""", "#/minimum: found \"3\"; expected a number")]
    [InlineData("""{"minLength":-1}""", "#/minLength: found -1; expected a whole number")]
    [InlineData("""{"required":"a"}""", "#/required: found \"a\"; expected a list of names")]
    [InlineData("""{"properties":[]}""", "#/properties: found a list; expected an object")]
    [InlineData("""{"anyOf":{}}""", "#/anyOf: found an object; expected a list")]
    [InlineData("""{"pattern":"("}""", "#/pattern: found \"(\"; expected a regular expression")]
    [InlineData("""{"type":""", "is no JSON")]
    public void Load_WhatIsNotUnderstood_IsRefusedWithItsPlace(string schema, string words) =>
        Assert.Contains(words, Assert.Throws<RlhfException>(() => Load(schema)).Message, StringComparison.Ordinal);

    [Fact]
    public void Fits_PatternThatTakesTooLong_IsNoFitAndNoFailure() =>
        Assert.False(Load("""{"pattern":"^(a+)+$"}""").Fits(Value($"\"{new string('a', 40)}!\"")));

    private JsonSchema Load(string schema) => JsonSchema.Load(_folder.With("schema.json", schema).At("schema.json"), "json.schema");

    private static JsonElement Value(string json) => JsonDocument.Parse(json).RootElement;
}
