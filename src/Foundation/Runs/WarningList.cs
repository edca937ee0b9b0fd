namespace Rlhf.Foundation.Runs;

/// <summary>Warnings, each shown once when it comes and all of them again at the end.</summary>
internal sealed class WarningList
{
    private readonly List<string> _lines = [];

    /// <returns>True when the warning is new and should be shown.</returns>
    public bool Add(string line)
    {
        lock (_lines)
        {
            if (_lines.Contains(line)) return false;
            _lines.Add(line);
            return true;
        }
    }

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }
}
