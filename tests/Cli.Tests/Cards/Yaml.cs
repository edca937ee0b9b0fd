using Rlhf.Cli.Cards;
using YamlDotNet.RepresentationModel;

namespace Rlhf.Cli.Tests.Cards;

/// <summary>A card's front matter as a YAML reader has it: keys with their values, lists joined by bars.</summary>
internal static class Yaml
{
    public static Dictionary<string, string> OfCard(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(FrontMatter.Split(text).Yaml));
        return ((YamlMappingNode)stream.Documents[0].RootNode).Children.ToDictionary(
            pair => ((YamlScalarNode)pair.Key).Value!,
            pair => pair.Value is YamlSequenceNode list ? string.Join('|', list.Select(item => ((YamlScalarNode)item).Value)) : ((YamlScalarNode)pair.Value).Value!);
    }
}
