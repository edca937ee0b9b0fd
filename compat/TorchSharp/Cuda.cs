using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static bool cuda_is_available() => cuda.is_available();

    public static class cuda
    {
        public static bool is_available() => Bridge.bridge_cuda_available() != 0;
        public static bool is_cudnn_available() => is_available();
        public static int device_count() => Bridge.bridge_cuda_device_count();
        public static void manual_seed(long seed) => Bridge.Check(Bridge.bridge_cuda_manual_seed(seed), "cuda.manual_seed");
        public static void manual_seed_all(long seed) => manual_seed(seed);

        public static void synchronize(Device? device = null)
        {
            if (is_available()) Bridge.Check(Bridge.bridge_cuda_synchronize(device?.index ?? -1), "cuda.synchronize");
        }
    }

    public static class backends
    {
        public static class cuda
        {
            public static class matmul
            {
                public static bool allow_tf32
                {
                    get => Bridge.bridge_allow_tf32() != 0;
                    set => Bridge.bridge_set_allow_tf32(value ? 1 : 0);
                }
            }
        }
    }

    /// <summary>Loads libtorch for the device, so that the first operator does not pay for it.</summary>
    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (deviceType == DeviceType.CUDA && !cuda.is_available())
            throw new InvalidOperationException("Torch device type CUDA did not initialise on the current machine.");
        _ = Bridge.bridge_get_threads();
    }

    public static void InitializeDevice(Device? device) => InitializeDeviceType((device ?? CPU).type);
}
