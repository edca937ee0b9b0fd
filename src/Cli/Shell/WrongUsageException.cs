using Rlhf.Foundation;

namespace Rlhf.Cli.Shell;

/// <summary>A command was not told what it needs: no failure of its work, and not mended by running it again.</summary>
internal sealed class WrongUsageException(string message) : RlhfException(message);
