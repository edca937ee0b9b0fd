using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Files;

/// <summary>File operations that survive a crash of the machine: content and names are on disk when they return.</summary>
internal static partial class Durable
{
    /// <summary>Replaces a file's content: after a crash the file holds the old text or the new, never half of one.</summary>
    public static void WriteText(string path, string text)
    {
        Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            writer.Write(text);
        });
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Replaces a file's content, which is on disk before it gets its name; where writing fails nothing is left behind.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = $"{path}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    public static void FlushFile(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Makes the names in a folder durable (fsync of the directory; .NET opens none, so this asks libc).</summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(path, 0);
        if (descriptor < 0) throw new IOException($"{path}: cannot open the folder to flush it: {Reason()}");
        try
        {
            // Some network file systems answer EINVAL: they keep names durable themselves.
            if (Fsync(descriptor) != 0 && Marshal.GetLastPInvokeError() is not 22) throw new IOException($"{path}: cannot flush the folder: {Reason()}", Marshal.GetLastPInvokeError());
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Whether an error says that the disk, or the user's share of it, is full.</summary>
    public static bool IsDiskFull(Exception error)
    {
        const int NoSpace = 28, QuotaExceeded = 122, WindowsDiskFull = unchecked((int)0x80070070);
        return error is IOException { HResult: NoSpace or QuotaExceeded or WindowsDiskFull }
            || error.Message.Contains("No space left", StringComparison.OrdinalIgnoreCase)
            || (error.InnerException is { } inner && IsDiskFull(inner));
    }

    /// <summary>Whether an error says that another process has the file, and not that it cannot be written at all.</summary>
    public static bool IsInUse(IOException error)
    {
        const int WouldBlock = 11, WindowsSharingViolation = unchecked((int)0x80070020);
        return error.HResult is WouldBlock or WindowsSharingViolation;
    }

    private static string Reason() => new Win32Exception(Marshal.GetLastPInvokeError()).Message;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
