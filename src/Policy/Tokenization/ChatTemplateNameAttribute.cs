using Rlhf.Foundation.Recipes;

namespace Rlhf.Policies.Tokenization;

/// <summary>A key that names a chat template.</summary>
public sealed class ChatTemplateNameAttribute : BoundAttribute
{
    public override string Wording => $"one of {ChatTemplate.Automatic}, {string.Join(", ", ChatTemplate.Names)}";

    public override bool Holds(IConvertible value) => value is ChatTemplate.Automatic || ChatTemplate.Names.Contains(value);
}
