namespace Rlhf.Evaluation;

/// <summary>A policy that was evaluated: where it comes from, and its episodes.</summary>
public sealed record EvaluatedPolicy(string Run, string Algorithm, int Step, long Episodes, string Checkpoint, EvaluatedPrompts Prompts);
