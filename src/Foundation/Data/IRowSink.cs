namespace Rlhf.Foundation.Data;

/// <summary>Takes rows in one format.</summary>
internal interface IRowSink : IDisposable
{
    void Write(Row row);

    /// <summary>Writes what stands behind the last row.</summary>
    void Finish();
}
