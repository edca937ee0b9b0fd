namespace Rlhf.Rewards.Judging;

/// <summary>How long to wait before a question is asked again.</summary>
internal static class Patience
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);

    /// <summary>
    /// <c>first·2^attempt</c> times 0.5 to 1, at most a minute, and no less than the server asked for. The share hangs on the question, so
    /// that those who were refused together do not come back together.
    /// </summary>
    /// <param name="attempt">from 0</param>
    /// <param name="asked">by the server; null where it said nothing</param>
    /// <param name="key">of the question</param>
    public static TimeSpan Before(int attempt, TimeSpan first, TimeSpan? asked, string key)
    {
        var share = 0.5 + 0.5 * (uint.Parse(key.AsSpan(0, 4), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture) / 65536.0);
        var wait = TimeSpan.FromSeconds(Math.Min(s_longest.TotalSeconds, first.TotalSeconds * Math.Pow(2, attempt)) * share);
        var wanted = asked is { } server && server > wait ? server : wait;
        return wanted < s_longest ? wanted : s_longest;
    }
}
