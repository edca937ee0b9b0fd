namespace Rlhf.Cli.Tests.Whole;

/// <summary>Jobs of several processes: their tests skip by this, and come back when it goes.</summary>
internal static class SeveralProcesses
{
    public const string NotOffered = "jobs of several processes are not offered by this version yet";
}
