using System.IO.MemoryMappedFiles;

namespace TorchSharp.PyBridge;

/// <summary>Bytes that are read by position, with every read checked against the length.</summary>
internal abstract class ByteSource : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new InvalidDataException($"{destination.Length} bytes are wanted at offset {offset}, but there are only {Length}: the file is cut off or damaged");
        ReadChecked(offset, destination);
    }

    public byte[] Read(long offset, int count)
    {
        if (offset < 0 || count < 0 || offset > Length - count)
            throw new InvalidDataException($"{count} bytes are wanted at offset {offset}, but there are only {Length}: the file is cut off or damaged");
        var bytes = new byte[count];
        ReadChecked(offset, bytes);
        return bytes;
    }

    public static ByteSource Open(string path) => new MappedFile(path);

    /// <summary>A stream from its present position to its end; one that cannot seek is read into memory.</summary>
    public static ByteSource Open(Stream stream)
    {
        if (stream.CanSeek) return new SeekableStream(stream);
        var copy = new MemoryStream();
        stream.CopyTo(copy);
        copy.Position = 0;
        return new SeekableStream(copy);
    }

    public virtual void Dispose() { }

    protected abstract void ReadChecked(long offset, Span<byte> destination);

    /// <summary>A file mapped a window at a time, so that what was read does not stay resident.</summary>
    private sealed class MappedFile : ByteSource
    {
        private const long Window = 64L << 20;

        private readonly FileStream _file;
        private readonly MemoryMappedFile? _map;
        private MemoryMappedViewAccessor? _view;
        private long _start;
        private long _end;

        public MappedFile(string path)
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1);
            Length = _file.Length;
            if (Length > 0) _map = MemoryMappedFile.CreateFromFile(_file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        }

        public override long Length { get; }

        public override void Dispose()
        {
            _view?.Dispose();
            _map?.Dispose();
            _file.Dispose();
            base.Dispose();
        }

        protected override void ReadChecked(long offset, Span<byte> destination)
        {
            while (destination.Length > 0)
            {
                if (_view is null || offset < _start || offset >= _end) Move(offset);
                var count = (int)Math.Min(destination.Length, _end - offset);
                _view!.SafeMemoryMappedViewHandle.ReadSpan((ulong)(_view.PointerOffset + offset - _start), destination[..count]);
                offset += count;
                destination = destination[count..];
            }
        }

        private void Move(long offset)
        {
            _view?.Dispose();
            _start = offset;
            _end = Math.Min(Length, offset + Window);
            _view = _map!.CreateViewAccessor(_start, _end - _start, MemoryMappedFileAccess.Read);
        }
    }

    private sealed class SeekableStream(Stream stream) : ByteSource
    {
        private readonly long _origin = stream.Position;

        public override long Length { get; } = stream.Length - stream.Position;

        protected override void ReadChecked(long offset, Span<byte> destination)
        {
            stream.Position = _origin + offset;
            stream.ReadExactly(destination);
        }
    }
}
