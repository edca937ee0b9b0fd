namespace Rlhf.Foundation;

/// <summary>A number that a model computed is none. Who knows the step it happened in, and what is left to go on from, adds that.</summary>
public sealed class NotFiniteException(string message) : RlhfException(message);
