namespace Rlhf.Cli.Stages;

/// <summary>The stages of a pipeline: names of commands, of recipe sections, and of folders in a run's folder.</summary>
internal static class StageNames
{
    public const string Tokenizer = "tokenizer";
    public const string Sft = "sft";
    public const string Reward = "reward";
    public const string Ppo = "ppo";
    public const string Dpo = "dpo";
    public const string Curve = "curve";
}
