namespace Rlhf.TestSupport;

/// <summary>A parser to be fuzzed: real inputs, how it reads one to its end, and the exceptions by which it refuses one.</summary>
internal sealed record FuzzTarget(string Format, Func<IReadOnlyList<byte[]>> Originals, Action<byte[]> Parse, params IReadOnlyList<Type> Refusals);
