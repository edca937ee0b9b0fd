using System.Text.Json;
using Rlhf.Policies.Tokenization.Jinja;

namespace Rlhf.Policies.Tests.Tokenization.Jinja;

/// <summary>Templates of the shared folder render exactly as transformers renders them.</summary>
public sealed class GoldenChatTests
{
    [Theory]
    [InlineData("alternating_namespace")]
    [InlineData("chatml_trim")]
    [InlineData("macros_generation")]
    [InlineData("qwen2_audio")]
    [InlineData("reverse_thinking")]
    public void Render_EveryCase_IsThatOfTransformers(string name)
    {
        Assert.SkipUnless(Directory.Exists(TestData.At("golden", "chat")), TestData.Reason);
        using var json = JsonDocument.Parse(File.ReadAllBytes(TestData.At("golden", "chat", $"{name}.json")));
        var template = Template.Parse(json.RootElement.GetProperty("template").GetString()!);
        foreach (var one in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            var variables = new Dictionary<string, object?>
            {
                ["messages"] = Template.ValueOf(one.GetProperty("messages")), ["tools"] = null, ["documents"] = null, ["add_generation_prompt"] = one.GetProperty("add_generation_prompt").GetBoolean(),
            };
            foreach (var part in (JsonElement[])[json.RootElement.GetProperty("special_tokens"), one.GetProperty("variables")])
                foreach (var variable in part.EnumerateObject()) variables[variable.Name] = Template.ValueOf(variable.Value);
            if (one.TryGetProperty("error", out var error))
            {
                Assert.Equal(error.GetString(), Assert.Throws<TemplateException>(() => template.Render(variables, DateTime.UnixEpoch)).Problem);
                continue;
            }

            Assert.Equal(one.GetProperty("rendered").GetString(), template.Render(variables, DateTime.UnixEpoch).Text);
        }
    }
}
