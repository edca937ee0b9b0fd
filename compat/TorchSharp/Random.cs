using TorchSharp.Interop;
using static TorchSharp.Interop.Operators;

namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>Seeds the default generators of every device.</summary>
    public static Generator manual_seed(long seed)
    {
        Bridge.Check(Bridge.bridge_manual_seed(seed), "manual_seed");
        return random.default_generator;
    }

    public static Tensor rand(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        Leaf(Call("rand.generator", size, generator, dtype ?? _defaultType, Value.None, device), requires_grad);
    public static Tensor rand(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => rand([size], dtype, device, requires_grad, generator);
    public static Tensor rand(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => rand([rows, columns], dtype, device, requires_grad, generator);
    public static Tensor rand(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => rand([dim0, dim1, dim2], dtype, device, requires_grad, generator);
    public static Tensor randn(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        Leaf(Call("randn.generator", size, generator, dtype ?? _defaultType, Value.None, device), requires_grad);
    public static Tensor randn(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => randn([size], dtype, device, requires_grad, generator);
    public static Tensor randn(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => randn([rows, columns], dtype, device, requires_grad, generator);
    public static Tensor randn(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => randn([dim0, dim1, dim2], dtype, device, requires_grad, generator);
    public static Tensor randn(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => randn([dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator);
    public static Tensor randint(long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) => randint(0, high, size, dtype, device, requires_grad, generator);
    public static Tensor randint(long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        Leaf(Call("randint.low_generator", low, high, size, generator, dtype ?? ScalarType.Int64, Value.None, device), requires_grad);
    public static Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        Leaf(Call("randperm.generator", n, generator, dtype ?? ScalarType.Int64, Value.None, device), requires_grad);
    public static Tensor multinomial(Tensor input, long num_samples, bool replacement = false, Generator? generator = null) => input.multinomial(num_samples, replacement, generator);
    public static Tensor bernoulli(Tensor input, Generator? generator = null) => Call("bernoulli", input, generator);

    public static class random
    {
        public static Generator default_generator => Generator.Default();
        public static Tensor get_rng_state() => default_generator.get_state();
        public static void set_rng_state(Tensor new_state) => default_generator.set_state(new_state);
    }

    /// <summary>A stream of random numbers of its own.</summary>
    public sealed class Generator : IDisposable
    {
        internal IntPtr Handle { get; private set; }

        public Device device { get; }

        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = device ?? CPU;
            IntPtr result;
            Bridge.Check(Bridge.bridge_new_generator(seed, (int)this.device.type, this.device.index, &result), "Generator");
            Handle = result;
        }

        private Generator(IntPtr handle) => (Handle, device) = (handle, CPU);

        ~Generator() => Free();

        internal static Generator Default()
        {
            IntPtr result;
            Bridge.Check(Bridge.bridge_default_generator(&result), "default_generator");
            return new Generator(result);
        }

        public Generator manual_seed(long seed)
        {
            Bridge.Check(Bridge.bridge_generator_seed(Handle, (ulong)seed), "manual_seed");
            return this;
        }

        public long initial_seed() => Bridge.bridge_generator_initial_seed(Handle);

        public Tensor get_state()
        {
            IntPtr result;
            Bridge.Check(Bridge.bridge_generator_state(Handle, &result), "get_state");
            return new Tensor(result);
        }

        public void set_state(Tensor value) => Bridge.Check(Bridge.bridge_generator_set_state(Handle, value.handle), "set_state");

        public void Dispose()
        {
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            if (Handle != 0) Bridge.bridge_free_generator(Handle);
            Handle = 0;
        }
    }
}
