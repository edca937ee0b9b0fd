using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Rlhf.Foundation;

namespace Rlhf.Cli.Web.Http;

/// <summary>Where the server listens, and who may speak to it: anybody on this machine, and others by a token.</summary>
internal sealed record ServerAddress(IPAddress Ip, string? Token)
{
    /// <summary>What a browser keeps the token under.</summary>
    public const string Cookie = "rlhf_token";

    private const int FewestCharacters = 16;

    /// <param name="address">An IP address, or localhost.</param>
    /// <param name="token">Empty: one is made where the address is reached from elsewhere.</param>
    public static ServerAddress Of(string address, string token)
    {
        var ip = address == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(address, out var parsed) ? parsed
            : throw new RlhfException($"address: found '{address}'; expected an IP address: 127.0.0.1 for this machine alone, 0.0.0.0 for all its networks");
        if (token.Length is > 0 and < FewestCharacters) throw new RlhfException($"token: found {token.Length} characters; expected at least {FewestCharacters}, or none for one that is made");
        if (token.Length > 0) return new ServerAddress(ip, token);
        return new ServerAddress(ip, IPAddress.IsLoopback(ip) ? null : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
    }

    public string Url(int port)
    {
        var host = Ip.Equals(IPAddress.Any) || Ip.Equals(IPAddress.IPv6Any) ? Environment.MachineName : Ip.ToString();
        return $"http://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}/{(Token is null ? "" : $"?token={Token}")}";
    }

    /// <summary>Takes the same time whatever is wrong with it.</summary>
    public bool IsToken(string? given) => Token is null || (given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Token), Encoding.UTF8.GetBytes(given)));

    /// <summary>
    /// Without a token only names of this machine are answered to: another page cannot have its own name lead here and
    /// read what is answered.
    /// </summary>
    public bool Answers(HostString host) => Token is not null || host.Host is "localhost" or "127.0.0.1" or "[::1]" || host.Host.Trim('[', ']') == Ip.ToString();
}
