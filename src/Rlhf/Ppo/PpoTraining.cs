using Rlhf.Foundation.Runs;

namespace Rlhf.Ppo;

/// <summary>PPO, and every other algorithm of <see cref="PpoRecipe.Algorithm"/>, in a program of one's own.</summary>
public static class PpoTraining
{
    /// <summary>Trains to the end and fills final/; a run that is finished is left as it is, one that was stopped goes on.</summary>
    /// <param name="run">opened with the same recipe</param>
    /// <param name="tokenizerFrom">folder whose tokenizer files go along with the model</param>
    /// <exception cref="InterruptedException">A stop was asked for; a checkpoint is on disk.</exception>
    public static void Train(Run run, string tokenizerFrom, PpoInputs inputs)
    {
        if (!run.IsFinished) PpoAssembly.Build(inputs, run).Train(tokenizerFrom);
    }
}
