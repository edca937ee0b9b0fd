using System.Globalization;
using System.Text.Json.Serialization;

namespace Rlhf.Foundation.Runs;

/// <summary>The process that writes a run.</summary>
internal sealed record RunHolder(string Host, int Process, DateTime Started)
{
    /// <summary>Whether it is a process of this machine.</summary>
    [JsonIgnore]
    public bool IsHere => Host == Environment.MachineName;

    public override string ToString() => $"process {Process} on {Host}, started {Started.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC";
}
