using System.Security.Cryptography;
using System.Text;

namespace Rlhf.Cli.Labels;

/// <summary>One of a pair's two responses, as the file of pairs has them.</summary>
internal enum Side
{
    First,
    Second,
}

/// <summary>Two responses to one prompt, of which somebody is to say the better.</summary>
internal sealed record CandidatePair(string Prompt, string First, string Second)
{
    /// <summary>Follows from the texts alone, so that labels stay with their pair when its file is sorted or grows.</summary>
    public string Id { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Prompt}\0{First}\0{Second}")).AsSpan(0, 8));

    public string Of(Side side) => side == Side.First ? First : Second;
}
