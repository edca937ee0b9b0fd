namespace Rlhf.Foundation.Data;

/// <summary>What a row holds in a column.</summary>
public enum ColumnKind
{
    Missing,
    Null,
    Text,
    Number,
    Boolean,
    List,
    Object,
}
