namespace Rlhf.Foundation.Data;

/// <summary>
/// A file for a reader that trusts it. One that goes on behind the end gets no bytes but an error, and so does one that has
/// read as much as it may: what sends it in a circle ends.
/// </summary>
internal sealed class ReluctantStream(Stream file, long budget) : Stream
{
    private long _left = budget;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    public override int Read(Span<byte> buffer) => Counted(file.Read(buffer), buffer.Length);

    public override int ReadByte()
    {
        var one = file.ReadByte();
        Counted(one < 0 ? 0 : 1, 1);
        return one;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Counted(await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false), buffer.Length);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Counted(int read, int wanted)
    {
        if (read == 0 && wanted > 0) throw new InvalidDataException("it ends too early");
        _left -= read;
        return _left >= 0 ? read : throw new InvalidDataException("its parts refer to each other in a circle");
    }
}
