// CUDA: devices, memory statistics, streams, graph capture. Compiled against libtorch's CUDA half where there is one.
#include "bridge.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#ifdef BRIDGE_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <map>
#include <memory>
#include <mutex>
#endif

using namespace bridge;

#ifdef BRIDGE_CUDA
#define CUDA_ONLY(...) return guard([&] { __VA_ARGS__; })
#else
#define CUDA_ONLY(...) return guard([&] { TORCH_CHECK(false, "the bridge was built without CUDA headers; install the CUDA toolkit's headers or set CUDA_HOME, then build again"); })
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
  CUDA_ONLY(cudaDeviceProp p; C10_CUDA_CHECK(cudaGetDeviceProperties(&p, device));
            std::snprintf(text, room, "%s", p.name); *total = static_cast<int64_t>(p.totalGlobalMem); *major = p.major; *minor = p.minor);
}
#ifdef BRIDGE_CUDA
// A device's allocator is there from its first tensor on, and has no statistics before.
static c10::DeviceIndex with_allocator(int device) {
  c10::Device card(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device));
  at::empty({0}, at::TensorOptions().device(card));
  return card.index();
}
#endif
// bytes[0..3]: allocated now, allocated at most, reserved now, reserved at most.
EXPORT int bridge_cuda_memory(int device, int64_t* bytes) {
  CUDA_ONLY(auto s = c10::cuda::CUDACachingAllocator::getDeviceStats(with_allocator(device));
            bytes[0] = s.allocated_bytes[0].current; bytes[1] = s.allocated_bytes[0].peak;
            bytes[2] = s.reserved_bytes[0].current; bytes[3] = s.reserved_bytes[0].peak);
}
EXPORT int bridge_cuda_reset_peak(int device) { CUDA_ONLY(c10::cuda::CUDACachingAllocator::resetPeakStats(with_allocator(device))); }
EXPORT int bridge_cuda_empty_cache() { CUDA_ONLY(c10::cuda::CUDACachingAllocator::emptyCache()); }
EXPORT int bridge_cuda_free(int64_t* free_bytes, int64_t* total) {
  CUDA_ONLY(size_t f = 0; size_t t = 0; C10_CUDA_CHECK(cudaMemGetInfo(&f, &t)); *free_bytes = static_cast<int64_t>(f); *total = static_cast<int64_t>(t));
}

#ifdef BRIDGE_CUDA
namespace {

// What other threads do must not spoil a recording: .NET's finalizer thread frees tensors whenever it likes, and NCCL's
// watchdog asks for events. libtorch 2.1 and later can be told so; before, every thread has to hold still.
template <class Graph, class Pool> auto begin(Graph& graph, Pool pool, int) -> decltype(graph.capture_begin(pool, cudaStreamCaptureModeThreadLocal)) {
  graph.capture_begin(pool, cudaStreamCaptureModeThreadLocal);
}
template <class Graph, class Pool> void begin(Graph& graph, Pool pool, long) { graph.capture_begin(pool); }

// Where a device records. One stream, because cuBLAS keeps a workspace (32 MiB on recent GPUs) for every stream it was used
// on. One pool of memory, because a pool that lost its last graph is given back only when memory runs out; hence a graph
// that is never launched and never freed.
struct Aside {
  c10::cuda::CUDAStream stream;
  at::cuda::CUDAGraph keeper;

  explicit Aside(c10::DeviceIndex device) : stream(c10::cuda::getStreamFromPool(false, device)) {
    c10::cuda::CUDAStreamGuard on(stream);
    begin(keeper, decltype(keeper.pool()){0, 0}, 0);
    at::zeros({1}, at::TensorOptions().device(c10::Device(c10::DeviceType::CUDA, device)));
    keeper.capture_end();
  }

  static Aside& of(c10::DeviceIndex device) {
    static std::mutex lock;
    static auto& all = *new std::map<c10::DeviceIndex, std::unique_ptr<Aside>>();
    std::lock_guard<std::mutex> held(lock);
    auto& found = all[device];
    if (!found) found = std::make_unique<Aside>(device);
    return *found;
  }
};

// A graph, and while it records the guard that makes its device's other stream the thread's current one.
struct Recorded {
  at::cuda::CUDAGraph graph;
  std::unique_ptr<c10::cuda::CUDAStreamGuard> on;
};

}  // namespace
#endif

// Graphs: what this thread launches on the device between begin and end is not run but recorded, to be launched by one call.
// Memory taken meanwhile comes from a pool that only graphs use. Whatever end returns, the thread's stream is afterwards what it
// was before begin.
EXPORT int bridge_graph_new(void** out) { CUDA_ONLY(*out = new Recorded()); }
EXPORT int bridge_graph_begin(void* g, int device) {
  CUDA_ONLY(
    auto& own = *static_cast<Recorded*>(g);
    auto& aside = Aside::of(static_cast<c10::DeviceIndex>(device < 0 ? c10::cuda::current_device() : device));
    auto on = std::make_unique<c10::cuda::CUDAStreamGuard>(aside.stream);
    c10::cuda::device_synchronize();  // nothing is pending that libtorch would have to ask for while it records
    begin(own.graph, aside.keeper.pool(), 0);
    own.on = std::move(on));
}
EXPORT int bridge_graph_end(void* g) {
  CUDA_ONLY(auto& own = *static_cast<Recorded*>(g); auto on = std::move(own.on); own.graph.capture_end());
}
EXPORT int bridge_graph_replay(void* g) { CUDA_ONLY(static_cast<Recorded*>(g)->graph.replay()); }
EXPORT int bridge_graph_free(void* g) { CUDA_ONLY(delete static_cast<Recorded*>(g)); }
