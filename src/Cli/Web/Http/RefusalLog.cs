using Microsoft.AspNetCore.Http;

namespace Rlhf.Cli.Web.Http;

/// <summary>A line for each request that was refused, and one for the many where somebody sends many.</summary>
internal sealed class RefusalLog(Action<string> say, TimeProvider clock)
{
    private const int MostInASecond = 10, LongestPath = 80;

    private readonly Lock _gate = new();
    private long _second;
    private int _said;
    private long _unsaid;

    public void Say(HttpRequest request, int status, string why)
    {
        lock (_gate)
        {
            var second = clock.GetUtcNow().ToUnixTimeSeconds();
            if (second != _second)
            {
                if (_unsaid > 0) say($"and {_unsaid} more requests were refused");
                (_second, _said, _unsaid) = (second, 0, 0);
            }

            if (++_said > MostInASecond) _unsaid++;
            else say($"{status} to {request.Method} {OneLine(request.Path.Value ?? "")}: {OneLine(why)}");
        }
    }

    private static string OneLine(string text)
    {
        var line = new string([.. text.Select(c => char.IsControl(c) ? '?' : c)]);
        return line.Length > LongestPath * 4 ? line[..(LongestPath * 4)] + "…" : line;
    }
}
