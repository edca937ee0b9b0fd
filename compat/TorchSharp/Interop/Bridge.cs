using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>The bridge's exports, as native/*.cpp declares them.</summary>
internal static unsafe partial class Bridge
{
    private const string Library = "torchbridge";

    /// <summary>Where the bridge stands: RLHF_BRIDGE, or beside the program.</summary>
    public static string Location => Environment.GetEnvironmentVariable("RLHF_BRIDGE") is { Length: > 0 } path
        ? path
        : Path.Combine(AppContext.BaseDirectory, "libtorchbridge.so");

    static Bridge()
    {
        NativeLibrary.SetDllImportResolver(typeof(Bridge).Assembly, Resolve);
        // libtorch comes up with one thread on some builds; OMP_NUM_THREADS still has the last word.
        if (!int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out var threads) || threads < 1)
            threads = Environment.ProcessorCount;
        _ = bridge_set_threads(threads);
    }

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != Library) return IntPtr.Zero;
        if (!File.Exists(Location))
            throw new DllNotFoundException($"The libtorch bridge is not at {Location}; build it with compat/TorchSharp/native/build.sh, or set RLHF_BRIDGE.");
        try
        {
            return NativeLibrary.Load(Location);
        }
        catch (DllNotFoundException e)
        {
            throw new DllNotFoundException($"The libtorch bridge at {Location} does not load ({e.Message.Trim()}); run scripts/setup.sh, then build again.", e);
        }
    }

    /// <summary>Throws libtorch's message where a call failed.</summary>
    public static void Check(int failed, string what)
    {
        if (failed != 0) throw new ExternalException($"{what}: {LastError}");
    }

    public static string LastError => Marshal.PtrToStringUTF8(bridge_error()) ?? "unknown error";

    [LibraryImport(Library)] public static partial IntPtr bridge_error();
    [LibraryImport(Library)] public static partial IntPtr bridge_torch_version();
    [LibraryImport(Library)] public static partial int bridge_torch_version_number();
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] public static partial IntPtr bridge_operator(string name, string overload);
    [LibraryImport(Library)] public static partial int bridge_call(IntPtr op, NativeValue* args, int count, NativeValue* results, int room, int* produced);
    [LibraryImport(Library)] public static partial void bridge_free_list(void* handles);

    [LibraryImport(Library), SuppressGCTransition] public static partial void bridge_set_grad_enabled(int value);
    [LibraryImport(Library), SuppressGCTransition] public static partial int bridge_grad_enabled();
    [LibraryImport(Library)] public static partial void bridge_release(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] public static partial IntPtr bridge_retain(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] public static partial long bridge_ndim(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] public static partial long bridge_numel(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] public static partial int bridge_dtype(IntPtr tensor);
    [LibraryImport(Library), SuppressGCTransition] public static partial void bridge_device(IntPtr tensor, int* type, int* index);
    [LibraryImport(Library), SuppressGCTransition] public static partial int bridge_is_contiguous(IntPtr tensor);
    [LibraryImport(Library)] public static partial int bridge_sizes(IntPtr tensor, long* sizes, long* strides);
    [LibraryImport(Library)] public static partial int bridge_data(IntPtr tensor, void** data);
    [LibraryImport(Library)] public static partial int bridge_storage_data(IntPtr tensor, void** data);
    [LibraryImport(Library)] public static partial int bridge_empty_like_bytes(long* sizes, int ndim, int dtype, void* source, long bytes, IntPtr* result);
    [LibraryImport(Library)] public static partial int bridge_from_blob(void* data, long* sizes, int ndim, int dtype, delegate* unmanaged<IntPtr, void> release, IntPtr state, IntPtr* result);

    [LibraryImport(Library), SuppressGCTransition] public static partial int bridge_requires_grad(IntPtr tensor);
    [LibraryImport(Library)] public static partial int bridge_set_requires_grad(IntPtr tensor, int value);
    [LibraryImport(Library), SuppressGCTransition] public static partial int bridge_is_leaf(IntPtr tensor);
    [LibraryImport(Library)] public static partial int bridge_grad(IntPtr tensor, IntPtr* result);
    [LibraryImport(Library)] public static partial int bridge_set_grad(IntPtr tensor, IntPtr grad);
    [LibraryImport(Library)] public static partial int bridge_set_data(IntPtr tensor, IntPtr data);
    [LibraryImport(Library)] public static partial IntPtr bridge_inference_enter(int value);
    [LibraryImport(Library)] public static partial void bridge_inference_exit(IntPtr mode);
    [LibraryImport(Library)] public static partial int bridge_is_inference_mode();
    [LibraryImport(Library)] public static partial int bridge_backward(IntPtr* roots, IntPtr* grads, int count, int retain, int create, IntPtr* inputs, int inputCount);
    [LibraryImport(Library)] public static partial int bridge_gradients(IntPtr* roots, IntPtr* grads, int count, IntPtr* inputs, int inputCount, int retain, int create, int allowUnused, IntPtr* result);
    [LibraryImport(Library)] public static partial int bridge_any_requires_grad(IntPtr* inputs, int count);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bridge_attach_node(IntPtr* inputs, int count, IntPtr* outputs, int outputCount, IntPtr state,
        delegate* unmanaged<IntPtr, IntPtr*, int, IntPtr*, int, byte*, int, int> run, delegate* unmanaged<IntPtr, void> release, string name);

    [LibraryImport(Library)] public static partial int bridge_manual_seed(long seed);
    [LibraryImport(Library)] public static partial int bridge_default_generator(IntPtr* result);
    [LibraryImport(Library)] public static partial int bridge_new_generator(ulong seed, int deviceType, int deviceIndex, IntPtr* result);
    [LibraryImport(Library)] public static partial void bridge_free_generator(IntPtr generator);
    [LibraryImport(Library)] public static partial int bridge_generator_seed(IntPtr generator, ulong seed);
    [LibraryImport(Library)] public static partial long bridge_generator_initial_seed(IntPtr generator);
    [LibraryImport(Library)] public static partial int bridge_generator_state(IntPtr generator, IntPtr* result);
    [LibraryImport(Library)] public static partial int bridge_generator_set_state(IntPtr generator, IntPtr state);

    [LibraryImport(Library)] public static partial int bridge_get_threads();
    [LibraryImport(Library)] public static partial int bridge_set_threads(int count);
    [LibraryImport(Library)] public static partial int bridge_has_half_products();
    [LibraryImport(Library)] public static partial int bridge_allow_tf32();
    [LibraryImport(Library)] public static partial void bridge_set_allow_tf32(int value);
    [LibraryImport(Library)] public static partial int bridge_has_mkldnn();
    [LibraryImport(Library)] public static partial int bridge_set_deterministic(int value);
    [LibraryImport(Library)] public static partial int bridge_set_flush_denormal(int value);
    [LibraryImport(Library)] public static partial int bridge_describe(byte* text, int room);

    [LibraryImport(Library)] public static partial int bridge_cuda_available();
    [LibraryImport(Library)] public static partial int bridge_cuda_built();
    [LibraryImport(Library)] public static partial int bridge_cuda_device_count();
    [LibraryImport(Library)] public static partial int bridge_cuda_manual_seed(long seed);
    [LibraryImport(Library)] public static partial int bridge_cuda_synchronize(int device);
    [LibraryImport(Library)] public static partial int bridge_cuda_name(int device, byte* text, int room, long* total, int* major, int* minor);
    [LibraryImport(Library)] public static partial int bridge_cuda_memory(int device, long* bytes);
    [LibraryImport(Library)] public static partial int bridge_cuda_reset_peak(int device);
    [LibraryImport(Library)] public static partial int bridge_cuda_empty_cache();
    [LibraryImport(Library)] public static partial int bridge_cuda_free(long* free, long* total);
    [LibraryImport(Library)] public static partial int bridge_graph_new(IntPtr* graph);
    [LibraryImport(Library)] public static partial int bridge_graph_begin(IntPtr graph, int device);
    [LibraryImport(Library)] public static partial int bridge_graph_end(IntPtr graph);
    [LibraryImport(Library)] public static partial int bridge_graph_replay(IntPtr graph);
    [LibraryImport(Library)] public static partial int bridge_graph_free(IntPtr graph);

    [LibraryImport(Library)] public static partial int bridge_has_gloo();
    [LibraryImport(Library)] public static partial int bridge_has_nccl();
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bridge_world_open(string backend, string host, int port, int rank, int size, long timeoutMs, IntPtr* world);
    [LibraryImport(Library)] public static partial int bridge_world_close(IntPtr world);
    [LibraryImport(Library)] public static partial int bridge_all_reduce(IntPtr world, IntPtr tensor, int operation);
    [LibraryImport(Library)] public static partial int bridge_broadcast(IntPtr world, IntPtr tensor, int root);
    [LibraryImport(Library)] public static partial int bridge_all_gather(IntPtr world, IntPtr tensor, IntPtr* gathered, int count);
    [LibraryImport(Library)] public static partial int bridge_barrier(IntPtr world);

    [LibraryImport(Library)] public static partial int bridge_norm(IntPtr* tensors, int count, double* norm);

    [LibraryImport(Library)]
    public static partial int bridge_adamw(IntPtr* weights, IntPtr* grads, IntPtr* m, IntPtr* v, IntPtr* copies, int count,
        double scale, double lr, double beta1, double beta2, double eps, double decay, long step);
}
