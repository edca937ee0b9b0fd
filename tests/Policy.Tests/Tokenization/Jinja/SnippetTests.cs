using System.Text;
using System.Text.Json;
using Rlhf.Policies.Tokenization.Jinja;

namespace Rlhf.Policies.Tests.Tokenization.Jinja;

/// <summary>One construct after the other, as jinja2 renders it in the environment that transformers gives it.</summary>
public sealed class SnippetTests
{
    [Fact]
    public void Render_EverySnippet_IsThatOfJinja()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestData.Repository, "tests", "Policy.Tests", "Tokenization", "Jinja", "snippets.json")));
        var variables = json.RootElement.GetProperty("variables").EnumerateObject().Select(one => KeyValuePair.Create(one.Name, Template.ValueOf(one.Value))).ToArray();
        var wrong = new StringBuilder();
        foreach (var one in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            var text = one.GetProperty("template").GetString()!;
            var expected = one.TryGetProperty("rendered", out var rendered) ? rendered.GetString() : null;
            string? found, problem = null;
            try
            {
                found = Template.Parse(text).Render(variables, one.TryGetProperty("now", out var now) ? now.GetDateTime() : DateTime.UnixEpoch).Text;
            }
            catch (TemplateException error)
            {
                (found, problem) = (null, error.Problem);
            }

            if (found != expected) wrong.AppendLine($"{text}\n  expected {JsonSerializer.Serialize(expected)}\n  found    {JsonSerializer.Serialize(found)} {problem}");
        }

        Assert.True(wrong.Length == 0, wrong.ToString());
    }
}
