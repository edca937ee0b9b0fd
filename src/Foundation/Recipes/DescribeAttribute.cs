namespace Rlhf.Foundation.Recipes;

/// <summary>The one line that help and printed recipes show for a key.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
public sealed class DescribeAttribute(string text) : Attribute
{
    public string Text { get; } = text;
}
