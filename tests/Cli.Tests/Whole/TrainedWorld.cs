using Rlhf.Cli.Tests.Scripts;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>A folder with a recipe of a tiny policy that has been through SFT, ready for `rlhf ppo`; made once for a class of tests.</summary>
public sealed class TrainedWorld : IDisposable
{
    private readonly Bash _shell = new();

    public TrainedWorld()
    {
        var world = Path.Combine(TestData.Repository, "data", "world");
        File.WriteAllText(Path.Combine(Folder, "tiny.yaml"), $$"""
            name: tiny
            threads: 1
            device: cpu
            out: start
            tokenizer: {data: [{{world}}/sft.parquet], vocabulary_size: 300}
            sft:
              data: {{world}}/sft.parquet
              from_scratch: {width: 32, layers: 2, heads: 2, context: 96}
              epochs: 0.05
            ppo:
              model: start/sft/final
              prompts: {{world}}/prompts.train.parquet
              score:
                length: {least: 30, most: 60, slack: 30, unit: characters}
              critic: {kind: value_head}
              steps: 5
              episodes: 8
              epochs: 2
              minibatches: 2
              sample_every: 1
              optimizer: {learning_rate: 3e-5}
              sampling: {max_new_tokens: 16}
            """);
        foreach (var stage in new[] { "tokenizer", "sft" })
        {
            var ending = ProgramProcess.Run(Folder, stage, "tiny.yaml");
            if (ending.Code != 0) throw new InvalidOperationException(ending.Error);
        }
    }

    public string Folder => _shell.Folder;

    internal Dictionary<string, string> Variables => _shell.Variables;

    /// <summary>How a shell starts the program.</summary>
    internal static string Program => $"dotnet '{AppContext.BaseDirectory}Rlhf.Cli.dll'";

    internal  Bash.Ending Run(string command) => _shell.Run(command);

    public string At(params string[] parts) => Path.Combine([Folder, .. parts]);

    public void Dispose() => _shell.Dispose();
}
