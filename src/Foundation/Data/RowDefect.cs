namespace Rlhf.Foundation.Data;

/// <summary>A row that could not be read at all: where it stands and why.</summary>
public sealed record RowDefect(string Source, long Line, string Reason);
