using Rlhf.Cli;
using Rlhf.Cli.Shell;

return new CommandLine(CommandTable.All, Console.Out, Console.Error).Run(args);
