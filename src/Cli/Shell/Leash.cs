using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Shell;

/// <summary>
/// What ties a child process to the program that started it. The parent holds the other end of the child's stdin open and never
/// writes; when it is gone, whatever ended it, the system closes that end and the child stops as if it had been asked to.
/// </summary>
internal static class Leash
{
    /// <summary>Set for a child that is to watch its stdin.</summary>
    public const string Variable = "RLHF_LEASH";

    /// <summary>Asks for a stop as soon as the parent is gone; does nothing where no parent holds this process.</summary>
    public static void Watch(Interrupts interrupts)
    {
        if (Environment.GetEnvironmentVariable(Variable) is null) return;
        // What this process starts in turn has another stdin.
        Environment.SetEnvironmentVariable(Variable, null);
        var input = Console.OpenStandardInput();
        new Thread(() =>
        {
            while (input.ReadByte() >= 0)
            {
            }

            interrupts.Ask("the program that started this one is gone");
        })
        { IsBackground = true, Name = "leash" }.Start();
    }
}
