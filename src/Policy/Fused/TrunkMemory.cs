using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>How much of a forward pass the backward pass finds.</summary>
internal enum Keeping
{
    /// <summary>Nothing: there will be none.</summary>
    Nothing,

    /// <summary>What goes into each layer; the rest is computed again.</summary>
    Inputs,

    Everything,
}

/// <summary>What a pass computes in, one behind the other in one piece of memory.</summary>
internal sealed unsafe class TrunkMemory : IDisposable
{
    private readonly NativeBuffer _buffer;

    public TrunkMemory(TrunkShape shape, RaggedBatch batch, Keeping keeping)
    {
        var size = new Allotment();
        Lay(size, shape, batch, keeping);
        _buffer = NativePool.Shared.Rent(size.Taken);
        Layers = Lay(new Allotment { From = _buffer.Data }, shape, batch, keeping);
    }

    public LayerMemory[] Layers { get; }

    /// <summary>[N, D or H heads], for what does not last.</summary>
    public Panels Rows { get; private set; }

    /// <summary>The same for rows that are asked for, which are numbered by themselves.</summary>
    public Panels AskedRows { get; private set; }

    /// <summary>[N, H heads]: the gradient of what the last layer's attention gives, where not all rows are asked for.</summary>
    public Panels Mixed { get; private set; }

    /// <summary>[N', 2], of the last norm.</summary>
    public float* Statistics { get; private set; }

    /// <summary>[segments, norms, 2, D]: gradients of the norms' weights and biases.</summary>
    public float* NormGradients { get; private set; }

    public void Dispose() => NativePool.Shared.Return(_buffer);

    private LayerMemory[] Lay(Allotment memory, TrunkShape shape, RaggedBatch batch, Keeping keeping)
    {
        var (rows, asked, count) = (batch.Rows, batch.AskedCount, shape.Config.Layers);
        int width = shape.Width.Count, mixed = shape.Mixed.Count;
        var layers = new LayerMemory[count];
        Rows = memory.Panels(Math.Max(width, mixed), rows);
        AskedRows = batch.AsksAll ? Rows : memory.Panels(Math.Max(width, mixed), asked);
        Statistics = memory.Take(Norm.Kept * (long)asked);
        var learns = keeping != Keeping.Nothing;
        if (learns)
        {
            NormGradients = memory.Take((long)batch.Segments.Length * (2 * count + 1) * 2 * width * Kernels.Panels.Chunk);
            if (!batch.AsksAll) Mixed = memory.Panels(mixed, rows);
        }

        var input = memory.Panels(width, rows);
        // Gradients come from the last layer down; where layers share memory, two of them take turns.
        var first = learns ? memory.Panels(width, rows) : default;
        Panels below = first, spare = keeping == Keeping.Inputs ? memory.Panels(width, rows) : default;
        LayerMemory? shared = null;
        for (var i = 0; i < count; i++)
        {
            var isLast = i == count - 1;
            var behind = isLast ? asked : rows;
            var compacts = isLast && !batch.AsksAll;
            // A product adds panels of as many rows as it writes.
            var own = keeping == Keeping.Everything || shared is null || compacts;
            var size = own ? behind : rows;
            // Without any to keep the layer's output takes the place of its input.
            var output = learns ? memory.Panels(width, behind) : compacts ? memory.Panels(width, behind) : input;
            var gradient = !learns ? default : keeping == Keeping.Everything || isLast ? memory.Panels(width, behind) : i % 2 == 0 ? spare : first;
            Panels Of(int chunks, int of, Func<LayerMemory, Panels> other) => own ? memory.Panels(chunks, of) : other(shared!);
            nint Numbers(long number, Func<LayerMemory, nint> other) => own ? (nint)memory.Take(number) : other(shared!);
            var given = Of(mixed, rows, layer => layer.Mixed);
            layers[i] = new LayerMemory
            {
                Behind = behind,
                Input = input,
                InputStatistics = Numbers(Norm.Kept * (long)rows, layer => layer.InputStatistics),
                Fused = Of(shape.QueryKeyValue.Count, rows, layer => layer.Fused),
                LogSums = Numbers((long)shape.Heads.Count * rows, layer => layer.LogSums),
                Mixed = given,
                AskedInput = compacts ? memory.Panels(width, behind) : input,
                AskedMixed = compacts ? memory.Panels(mixed, behind) : given,
                Attended = Of(width, size, layer => layer.Attended),
                AttendedStatistics = Numbers(Norm.Kept * (long)size, layer => layer.AttendedStatistics),
                Slopes = learns ? Of(shape.Up.Count, size, layer => layer.Slopes) : default,
                Hidden = Of(shape.Hidden.Count, size, layer => layer.Hidden),
                Output = output,
                OutputGradient = gradient,
                AttendedGradient = !learns ? default : Of(width, size, layer => layer.AttendedGradient),
                InputGradient = below,
            };
            shared ??= layers[i];
            (input, below) = (output, gradient);
        }

        return layers;
    }

    /// <summary>Counts, and hands out where there is something to.</summary>
    private sealed class Allotment
    {
        public float* From { get; init; }

        public long Taken { get; private set; }

        public float* Take(long count)
        {
            var at = From + Taken;
            Taken += (count + Kernels.Panels.Chunk - 1) / Kernels.Panels.Chunk * Kernels.Panels.Chunk;
            return at;
        }

        public Panels Panels(int chunks, int rows)
        {
            // An odd number of lines from a chunk to the next: a row's chunks would otherwise share a set of the cache.
            var step = (long)Kernels.Panels.Chunk * (rows | 1);
            return new(Take(chunks * step), step);
        }
    }
}
