using Rlhf.Program;

return new CommandLine(CommandTable.All, Console.Out, Console.Error).Run(args);
