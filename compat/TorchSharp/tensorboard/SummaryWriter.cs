using System.Globalization;
using TorchSharp.TensorBoard;

namespace TorchSharp
{
    public static partial class torch
    {
        public static class utils
        {
            public static class tensorboard
            {
                /// <summary>A writer of TensorBoard's event files.</summary>
                public static Modules.SummaryWriter SummaryWriter(string? log_dir = null, string? filename_suffix = null, bool createRunName = false)
                {
                    var folder = log_dir ?? "runs";
                    if (createRunName || log_dir is null)
                        folder = Path.Combine(folder, DateTime.Now.ToString("MMMdd_HH-mm-ss", CultureInfo.InvariantCulture) + "_" + Environment.MachineName);
                    return new Modules.SummaryWriter(folder, filename_suffix);
                }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    public sealed class SummaryWriter : IDisposable
    {
        private readonly FileStream _stream;

        internal SummaryWriter(string folder, string? suffix)
        {
            LogDir = Directory.CreateDirectory(folder).FullName;
            var seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds:0000000000}.{Environment.MachineName}.{Environment.ProcessId}.{Path.GetRandomFileName()[..4]}{suffix}");
            _stream = new FileStream(Path.Combine(LogDir, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            Write(EventMessage.Version(Time(null)));
        }

        public string LogDir { get; }

        public void add_scalar(string tag, float scalar_value, int global_step, long? walltime = null) =>
            Write(EventMessage.Scalars(Time(walltime), global_step, new Dictionary<string, double> { [tag] = scalar_value }));

        public void add_text(string tag, string text_string, int global_step, long? walltime = null) =>
            Write(EventMessage.Text(Time(walltime), global_step, tag, text_string));

        /// <summary>Counts the values in buckets that grow by a tenth each way from zero, as TensorFlow does.</summary>
        public void add_histogram(string tag, torch.Tensor values, int global_step, long? walltime = null)
        {
            using var scope = torch.NewDisposeScope();
            var numbers = values.detach().cpu().to(torch.ScalarType.Float64).contiguous().data<double>().ToArray();
            if (numbers.Length == 0 || Array.Exists(numbers, n => !double.IsFinite(n))) throw new ArgumentException($"a histogram of {tag} wants finite values, got {values.Summary}");
            Write(EventMessage.Histogram(Time(walltime), global_step, tag, Buckets.Count(numbers)));
        }

        public void Dispose() => _stream.Dispose();

        private void Write(byte[] message)
        {
            _stream.Write(EventMessage.Frame(message));
            _stream.Flush();
        }

        private static double Time(long? walltime) => walltime ?? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
    }

    /// <summary>The bucket edges ±10⁻¹²·1.1ᵏ up to 10²⁰, with zero between.</summary>
    internal static class Buckets
    {
        private static readonly double[] Edges = Make();

        public static HistogramSummary Count(double[] values)
        {
            var counts = new double[Edges.Length];
            foreach (var value in values)
            {
                var at = Array.BinarySearch(Edges, value);
                counts[at < 0 ? Math.Min(~at, Edges.Length - 1) : Math.Min(at + 1, Edges.Length - 1)]++;
            }

            // Empty buckets at both ends say nothing; one is kept on the left so that every bucket has a lower edge.
            var first = Math.Max(0, Array.FindIndex(counts, c => c > 0) - 1);
            var last = Array.FindLastIndex(counts, c => c > 0);
            return new HistogramSummary
            {
                Minimum = values.Min(), Maximum = values.Max(), Count = values.Length, Sum = values.Sum(), SumOfSquares = values.Sum(v => v * v),
                Limits = Edges[first..(last + 1)], Counts = counts[first..(last + 1)],
            };
        }

        private static double[] Make()
        {
            var positive = new List<double>();
            for (var edge = 1e-12; edge < 1e20; edge *= 1.1) positive.Add(edge);
            return [.. positive.AsEnumerable().Reverse().Select(e => -e), 0, .. positive, double.MaxValue];
        }
    }
}
