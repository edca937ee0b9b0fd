using Rlhf.Foundation;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>A template that cannot be read or rendered: what is wrong, and in which line of it.</summary>
internal sealed class TemplateException : RlhfException
{
    public TemplateException(string message, int line) : base($"the chat template, line {line}: {message}") => Problem = message;

    /// <summary>The message alone: what a template gave to raise_exception, for example.</summary>
    public string Problem { get; }
}
