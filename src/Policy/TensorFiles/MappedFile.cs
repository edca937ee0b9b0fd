using System.IO.MemoryMappedFiles;

namespace Rlhf.Policies.TensorFiles;

/// <summary>A file read by position, with every read checked against its length; it is mapped a window at a time, so that what was read does not stay resident.</summary>
internal sealed class MappedFile : IDisposable
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

    public long Length { get; }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        Demand(offset, destination.Length);
        while (destination.Length > 0)
        {
            if (_view is null || offset < _start || offset >= _end) Move(offset);
            var count = (int)Math.Min(destination.Length, _end - offset);
            _view!.SafeMemoryMappedViewHandle.ReadSpan((ulong)(_view.PointerOffset + offset - _start), destination[..count]);
            offset += count;
            destination = destination[count..];
        }
    }

    public byte[] Read(long offset, int count)
    {
        Demand(offset, count);
        var bytes = new byte[count];
        Read(offset, bytes);
        return bytes;
    }

    public void Dispose()
    {
        _view?.Dispose();
        _map?.Dispose();
        _file.Dispose();
    }

    private void Demand(long offset, long count)
    {
        if (offset < 0 || count < 0 || offset > Length - count)
            throw new InvalidDataException($"{count} bytes are wanted at offset {offset}, but there are only {Length}: the file is cut off or damaged");
    }

    private void Move(long offset)
    {
        _view?.Dispose();
        _start = offset;
        _end = Math.Min(Length, offset + Window);
        _view = _map!.CreateViewAccessor(_start, _end - _start, MemoryMappedFileAccess.Read);
    }
}
