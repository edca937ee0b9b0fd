using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// libtorch's stable C interface (torch/csrc/stable/c/shim.h, torch/csrc/inductor/aoti_torch/c/shim.h), made for extensions
/// that outlive its versions. Every call returns 0, or another number after it has written what went wrong to stderr.
/// </summary>
internal static unsafe partial class StableInterface
{
    /// <summary>Resolved by <see cref="Libtorch"/>.</summary>
    public const string Library = "torch_cpu";

    /// <summary>The version that this code was written against: 2.10.</summary>
    public const ulong Version = 2UL << 56 | 10UL << 48;

    /// <summary>The version of the libtorch that answers, packed as <see cref="Version"/> is.</summary>
    [LibraryImport(Library, EntryPoint = "aoti_torch_abi_version")]
    public static partial ulong VersionOfLibtorch();

    /// <summary>Runs an operator: its arguments on the stack are taken, its results left in their place.</summary>
    [LibraryImport(Library, EntryPoint = "torch_call_dispatcher", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Call(string name, string overload, ulong* stack, ulong version);

    /// <summary>A handle of one's own to an at::Tensor.</summary>
    [LibraryImport(Library, EntryPoint = "aoti_torch_new_tensor_handle")]
    public static partial int Own(nint tensor, nint* handle);

    [LibraryImport(Library, EntryPoint = "aoti_torch_delete_tensor_object")]
    public static partial int Delete(nint handle);

    /// <summary>Where the numbers of an at::Tensor begin.</summary>
    [LibraryImport(Library, EntryPoint = "aoti_torch_get_data_ptr")]
    public static partial int Data(nint tensor, void** data);

    [LibraryImport(Library, EntryPoint = "torch_new_string_handle", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int NewString(string data, nuint length, nint* handle);

    [LibraryImport(Library, EntryPoint = "torch_new_list_reserve_size")]
    public static partial int NewList(nuint size, nint* list);

    [LibraryImport(Library, EntryPoint = "torch_list_push_back")]
    public static partial int Append(nint list, ulong item);

    /// <summary>Calls the function for parts of a range on libtorch's own threads.</summary>
    [LibraryImport(Library, EntryPoint = "torch_parallel_for")]
    public static partial int ParallelFor(long begin, long end, long grain, delegate* unmanaged<long, long, void*, void> function, void* context);
}
