using Rlhf.Cli;
using Rlhf.Cli.Shell;
using Rlhf.Foundation.Runs;

return new CommandLine(CommandTable.All, Console.Out, Console.Error).Run(args);
