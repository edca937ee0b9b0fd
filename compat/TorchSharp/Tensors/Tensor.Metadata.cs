using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public unsafe partial class Tensor
    {
        public long[] shape
        {
            get
            {
                var sizes = new long[Bridge.bridge_ndim(handle)];
                fixed (long* p = sizes) Bridge.Check(Bridge.bridge_sizes(_handle, p, null), "sizes");
                return sizes;
            }
        }

        public long[] size() => shape;

        public long size(long dim)
        {
            var sizes = shape;
            var index = dim < 0 ? dim + sizes.Length : dim;
            if (index < 0 || index >= sizes.Length) throw new ArgumentOutOfRangeException(nameof(dim), $"size({dim}) of {Summary}");
            return sizes[index];
        }

        public long[] stride()
        {
            var sizes = new long[Bridge.bridge_ndim(handle)];
            var strides = new long[sizes.Length];
            fixed (long* p = sizes, q = strides) Bridge.Check(Bridge.bridge_sizes(_handle, p, q), "strides");
            return strides;
        }

        public long stride(long dim) => stride()[dim < 0 ? dim + ndim : dim];
        public long dim() => Bridge.bridge_ndim(handle);
        public long ndim => Bridge.bridge_ndim(handle);
        public long Dimensions => ndim;
        public long numel() => Bridge.bridge_numel(handle);
        public long NumberOfElements => numel();
        public long ElementSize => dtype.Size();
        public long element_size() => dtype.Size();
        public ScalarType dtype => (ScalarType)Bridge.bridge_dtype(handle);
        public bool is_contiguous() => Bridge.bridge_is_contiguous(handle) != 0;
        public bool is_floating_point() => torch.is_floating_point(dtype);
        public bool is_integral() => torch.is_integral(dtype);

        public Device device
        {
            get
            {
                int type, index;
                Bridge.bridge_device(handle, &type, &index);
                return new Device((DeviceType)type, index);
            }
        }

        public DeviceType device_type
        {
            get
            {
                int type, index;
                Bridge.bridge_device(handle, &type, &index);
                return (DeviceType)type;
            }
        }

        public int device_index
        {
            get
            {
                int type, index;
                Bridge.bridge_device(handle, &type, &index);
                return index;
            }
        }

        public bool is_cpu => device_type == DeviceType.CPU;
        public bool is_cuda => device_type == DeviceType.CUDA;
        public bool is_meta => device_type == DeviceType.META;

        /// <summary>The start of the tensor's storage: equal for tensors that share memory.</summary>
        public IntPtr storage_data_ptr()
        {
            void* data;
            Bridge.Check(Bridge.bridge_storage_data(handle, &data), "storage");
            return (IntPtr)data;
        }
    }
}
