// CUDA: devices, memory statistics, streams, graph capture. Compiled against libtorch's CUDA half where there is one.
#include "bridge.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#ifdef BRIDGE_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#endif

using namespace bridge;

#ifdef BRIDGE_CUDA
#define CUDA_ONLY(body) return guard([&] { body; })
#else
#define CUDA_ONLY(body) return guard([&] { TORCH_CHECK(false, "the bridge was built without CUDA headers; install the CUDA toolkit's headers or set CUDA_HOME, then build again"); })
#endif

EXPORT int bridge_cuda_available() { try { return at::globalContext().hasCUDA(); } catch (...) { return 0; } }
EXPORT int bridge_cuda_device_count() { try { return at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0; } catch (...) { return 0; } }
EXPORT int bridge_cuda_built() {
#ifdef BRIDGE_CUDA
  return 1;
#else
  return 0;
#endif
}
EXPORT int bridge_cuda_manual_seed(int64_t seed) {
  return guard([&] {
    for (int i = 0; i < bridge_cuda_device_count(); i++) {
      auto g = at::globalContext().defaultGenerator(c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(i)));
      std::lock_guard<std::mutex> lock(g.mutex());
      g.set_current_seed(static_cast<uint64_t>(seed));
    }
  });
}
EXPORT int bridge_cuda_synchronize(int device) {
  CUDA_ONLY(c10::cuda::CUDAGuard on(static_cast<c10::DeviceIndex>(device < 0 ? c10::cuda::current_device() : device)); c10::cuda::device_synchronize());
}
EXPORT int bridge_cuda_name(int device, char* text, int room, int64_t* total, int* major, int* minor) {
  CUDA_ONLY(auto p = at::cuda::getDeviceProperties(device); std::snprintf(text, room, "%s", p->name); *total = static_cast<int64_t>(p->totalGlobalMem); *major = p->major; *minor = p->minor);
}
// bytes[0..3]: allocated now, allocated at most, reserved now, reserved at most.
EXPORT int bridge_cuda_memory(int device, int64_t* bytes) {
  CUDA_ONLY(auto s = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(device));
            bytes[0] = s.allocated_bytes[0].current; bytes[1] = s.allocated_bytes[0].peak;
            bytes[2] = s.reserved_bytes[0].current; bytes[3] = s.reserved_bytes[0].peak);
}
EXPORT int bridge_cuda_reset_peak(int device) { CUDA_ONLY(c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(device))); }
EXPORT int bridge_cuda_empty_cache() { CUDA_ONLY(c10::cuda::CUDACachingAllocator::emptyCache()); }
EXPORT int bridge_cuda_free(int64_t* free_bytes, int64_t* total) {
  CUDA_ONLY(size_t f = 0; size_t t = 0; C10_CUDA_CHECK(cudaMemGetInfo(&f, &t)); *free_bytes = static_cast<int64_t>(f); *total = static_cast<int64_t>(t));
}

// Streams: a side stream from the pool becomes current until the previous one is restored.
EXPORT int bridge_stream_enter(void** previous) {
  CUDA_ONLY(auto now = c10::cuda::getCurrentCUDAStream(); *previous = new c10::cuda::CUDAStream(now);
            auto side = c10::cuda::getStreamFromPool(); now.synchronize(); c10::cuda::setCurrentCUDAStream(side));
}
EXPORT int bridge_stream_exit(void* previous) {
  CUDA_ONLY(auto p = static_cast<c10::cuda::CUDAStream*>(previous); c10::cuda::getCurrentCUDAStream().synchronize();
            c10::cuda::setCurrentCUDAStream(*p); delete p);
}

// Graphs: everything launched on the current (side) stream between begin and end is replayed by one call.
EXPORT int bridge_graph_new(void** out) { CUDA_ONLY(*out = new at::cuda::CUDAGraph()); }
EXPORT int bridge_graph_begin(void* g) { CUDA_ONLY(static_cast<at::cuda::CUDAGraph*>(g)->capture_begin()); }
EXPORT int bridge_graph_end(void* g) { CUDA_ONLY(static_cast<at::cuda::CUDAGraph*>(g)->capture_end()); }
EXPORT int bridge_graph_replay(void* g) { CUDA_ONLY(static_cast<at::cuda::CUDAGraph*>(g)->replay()); }
EXPORT int bridge_graph_free(void* g) { CUDA_ONLY(delete static_cast<at::cuda::CUDAGraph*>(g)); }
