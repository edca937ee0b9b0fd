namespace Rlhf.Cli.Web.Http;

/// <summary>A request that is answered with a status other than 200 and a line that says why.</summary>
internal sealed class RefusedException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}
