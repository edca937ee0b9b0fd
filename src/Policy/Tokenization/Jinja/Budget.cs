namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>What one rendering may take: templates come with models that somebody else made.</summary>
internal sealed class Budget
{
    public const int MostDepth = 100, MostRange = 100_000, MostMilliseconds = 500;
    private const long MostSteps = 20_000_000;
    private const int MostCharacters = 32 << 20;

    private long _steps;
    private int _depth;

    public void Spend(long steps, int line)
    {
        _steps += steps;
        if (_steps > MostSteps) throw new TemplateException($"takes more than {MostSteps} steps; it is not usable", line);
    }

    /// <summary>A text of this length is about to be made.</summary>
    public void Want(long characters, int line)
    {
        if (characters > MostCharacters) throw new TemplateException($"makes a text of more than {MostCharacters} characters; it is not usable", line);
        Spend(characters / 64, line);
    }

    public void Enter(int line)
    {
        if (++_depth > MostDepth) throw new TemplateException($"calls itself more than {MostDepth} deep; it is not usable", line);
    }

    public void Leave() => _depth--;
}
