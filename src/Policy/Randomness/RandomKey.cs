namespace Rlhf.Policies.Randomness;

/// <summary>
/// Names one stream of random numbers. Two episodes share a stream only if all four parts are equal, so what an
/// episode draws does not depend on its batch, its order or the process that generates it.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">The training step, or 0.</param>
/// <param name="Prompt">The prompt's index in its data set.</param>
/// <param name="Sample">Which of the prompt's samples.</param>
public readonly record struct RandomKey(ulong Seed, long Step, long Prompt, int Sample);
