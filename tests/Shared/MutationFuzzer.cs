using System.Diagnostics;

namespace Rlhf.TestSupport;

/// <summary>What a run of the fuzzer saw.</summary>
internal sealed record FuzzReport(long Inputs, long Accepted, long Rejected, TimeSpan Slowest, long LargestAllocation, IReadOnlyList<string> Failures)
{
    public override string ToString() =>
        $"{Inputs} inputs: {Accepted} accepted, {Rejected} rejected, {Failures.Count} failures; slowest {Slowest.TotalMilliseconds:F0} ms, largest allocation {LargestAllocation >> 10} KiB";
}

/// <summary>
/// Feeds a parser damaged copies of real inputs. The parser may take an input or refuse it with an exception it
/// documents; anything else (another exception, more than a second, memory far beyond the input's size) is a failure.
/// Input number i depends on the seed and i alone, so each failure can be had again by <see cref="Input"/>.
/// </summary>
internal sealed class MutationFuzzer(int seed, IReadOnlyList<byte[]> originals)
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    /// <summary>The bytes a parser may allocate whatever the input's size, and per byte of input.</summary>
    public long FreeAllocation { get; init; } = 64 << 20;

    public long AllocationPerByte { get; init; } = 200;

    /// <summary>Runs <paramref name="parse"/> on inputs first … first + count − 1; stops after ten failures.</summary>
    /// <param name="refusals">The exceptions by which the parser refuses an input.</param>
    public FuzzReport Run(long first, long count, Action<byte[]> parse, params Type[] refusals)
    {
        var failures = new List<string>();
        var (accepted, rejected, slowest, largest) = (0L, 0L, TimeSpan.Zero, 0L);
        var (current, started) = (first, Stopwatch.GetTimestamp());
        // A parser that never comes back cannot be stopped from inside; the process ends, saying on which input.
        using var watchdog = new Timer(
            _ =>
            {
                if (Stopwatch.GetElapsedTime(Volatile.Read(ref started)) > Hang)
                    Environment.FailFast($"the parser hangs on fuzz input {Volatile.Read(ref current)} of seed {seed}");
            },
            null, Hang, TimeSpan.FromSeconds(1));

        for (var i = first; i < first + count && failures.Count < 10; i++)
        {
            var input = Input(i);
            Volatile.Write(ref current, i);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            Volatile.Write(ref started, start);
            try
            {
                parse(input);
                accepted++;
            }
            catch (Exception error) when (refusals.Contains(error.GetType()))
            {
                rejected++;
            }
            catch (Exception error)
            {
                failures.Add($"input {i} of seed {seed}: {error.GetType().Name}: {error.Message} {error.StackTrace?.Split('\n')[0].Trim()}");
            }

            var elapsed = Stopwatch.GetElapsedTime(start);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            largest = Math.Max(largest, allocated);
            // Other work on the machine makes one run slow, not three.
            for (var again = 0; again < 2 && elapsed > MostTime; again++) elapsed = Duration(parse, input, refusals);
            if (elapsed > slowest) slowest = elapsed;
            if (elapsed > MostTime) failures.Add($"input {i} of seed {seed}: took {elapsed.TotalSeconds:F1} s");
            if (allocated > FreeAllocation + AllocationPerByte * input.Length)
                failures.Add($"input {i} of seed {seed}: allocated {allocated >> 20} MiB for {input.Length} bytes");
        }

        return new FuzzReport(current - first + 1, accepted, rejected, slowest, largest, failures);
    }

    private static TimeSpan Duration(Action<byte[]> parse, byte[] input, Type[] refusals)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            parse(input);
        }
        catch (Exception error) when (refusals.Contains(error.GetType()))
        {
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>The damaged input of a number.</summary>
    public byte[] Input(long number)
    {
        var random = new Random(unchecked((int)(seed * 1_000_003L + number)));
        var bytes = (byte[])originals[random.Next(originals.Count)].Clone();
        // Mostly one wound, so that the parser gets past the first check; sometimes several.
        for (var wounds = random.Next(4) == 0 ? random.Next(2, 9) : 1; wounds > 0 && bytes.Length > 0; wounds--)
            bytes = Wound(bytes, random);
        return bytes;
    }

    private static byte[] Wound(byte[] bytes, Random random)
    {
        var at = Place(bytes, random);
        switch (random.Next(9))
        {
            case 0: // one bit
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1: // one byte
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 2: // a telling value of 1, 2, 4 or 8 bytes
                var telling = Telling[random.Next(Telling.Length)];
                for (int i = 0, width = 1 << random.Next(4); i < width && at + i < bytes.Length; i++) bytes[at + i] = (byte)(telling >> (8 * i));
                return bytes;
            case 3: // counts that are off by a little
                bytes[at] = (byte)(bytes[at] + random.Next(-3, 4));
                return bytes;
            case 4: // cut
                return bytes[..at];
            case 5: // a piece is missing
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + Length(random))..]];
            case 6: // a piece is twice there
                var end = Math.Min(bytes.Length, at + Length(random));
                return [.. bytes[..end], .. bytes[at..]];
            case 7: // bytes that do not belong
                var noise = new byte[Length(random)];
                random.NextBytes(noise);
                return [.. bytes[..at], .. noise, .. bytes[at..]];
            default: // a piece from elsewhere
                var from = random.Next(bytes.Length);
                var length = Math.Min(Length(random), bytes.Length - Math.Max(at, from));
                bytes.AsSpan(from, length).ToArray().CopyTo(bytes, at);
                return bytes;
        }
    }

    /// <summary>Headers and footers hold the counts and offsets: half of the wounds go to the first and last 512 bytes.</summary>
    private static int Place(byte[] bytes, Random random) => random.Next(4) switch
    {
        0 => random.Next(Math.Min(512, bytes.Length)),
        1 => bytes.Length - 1 - random.Next(Math.Min(512, bytes.Length)),
        _ => random.Next(bytes.Length),
    };

    private static int Length(Random random) => 1 + random.Next(1 << random.Next(1, 9));

    private static readonly long[] Telling = [0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue];
}
