namespace Rlhf.Policies;

/// <summary>An error the user can mend: one line that names the place, what was found and what to do.</summary>
public sealed class RlhfException : Exception
{
    public RlhfException(string message) : base(message) { }

    public RlhfException(string message, Exception inner) : base(message, inner) { }
}
