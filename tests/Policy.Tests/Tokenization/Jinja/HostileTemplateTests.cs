using Rlhf.Policies.Tokenization.Jinja;

namespace Rlhf.Policies.Tests.Tokenization.Jinja;

/// <summary>A template that wants too much ends with an error, soon and within bounds.</summary>
public sealed class HostileTemplateTests
{
    public static TheoryData<string> Templates =>
    [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ 'x' * 10**15 }}",
        "{{ [1] * 10**12 }}",
        "{{ range(10**12) }}",
        "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(1000) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(1000) %}{% set ns.x = ns.x.replace('a', 'aaaaaaaa') %}{% endfor %}",
        "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
        "{% for i in range(100000) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' * 1000 }}{% endfor %}",
        "{{ 'a'.center(10**12) }}",
        "{{ 'a'|indent(10**12) }}",
        "{{ '%999999999999d' % 1 }}",
        string.Concat(Enumerable.Repeat("(", 100_000)),
        "{{ " + string.Concat(Enumerable.Repeat("(", 100_000)) + " }}",
        "{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}",
        "{{ " + string.Concat(Enumerable.Repeat("-", 100_000)) + "1 }}",
        "{{ " + string.Concat(Enumerable.Repeat("[", 100_000)) + " }}",
        string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000)),
        "{% set ns = namespace(l=[]) %}{% for i in range(10000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        "{{ ('<' * 4000000) | striptags }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ 99999999999999999999 }}",
        new string('x', 2_000_000),
    ];

    [Theory, MemberData(nameof(Templates))]
    public void Render_HostileTemplate_IsRefusedOrHarmless(string text)
    {
        var begin = DateTime.UtcNow;
        var failure = Record.Exception(() => Template.Parse(text).Render([], DateTime.UnixEpoch));
        if (text[0] != '(') Assert.IsType<TemplateException>(failure);
        Assert.True(DateTime.UtcNow - begin < TimeSpan.FromSeconds(60));
    }
}
