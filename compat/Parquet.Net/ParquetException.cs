namespace Parquet;

/// <summary>A file that is no Parquet, is damaged, or uses what this reader does not know.</summary>
public class ParquetException : Exception
{
    public ParquetException(string message) : base(message) { }

    public ParquetException(string message, Exception inner) : base(message, inner) { }
}
