// Collectives between processes through c10d: Gloo on the CPU, NCCL where libtorch and its headers have it.
#include "bridge.h"

#ifdef BRIDGE_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef BRIDGE_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#if defined(BRIDGE_GLOO) || defined(BRIDGE_NCCL)
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif
#include <torch/version.h>

#include <chrono>
#include <string>
#include <vector>

using namespace bridge;

EXPORT int bridge_has_gloo() {
#ifdef BRIDGE_GLOO
  return 1;
#else
  return 0;
#endif
}
EXPORT int bridge_has_nccl() {
#ifdef BRIDGE_NCCL
  return 1;
#else
  return 0;
#endif
}

#if defined(BRIDGE_GLOO) || defined(BRIDGE_NCCL)
#if TORCH_VERSION_MAJOR >= 2
using Group = c10d::Backend;
#else
using Group = c10d::ProcessGroup;
#endif

namespace {
struct World {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<Group> group;
};

// Newer libtorch has a store over libuv, which not every build of it contains; the one over plain sockets is in all.
template <class Options> auto over_sockets(Options& options, int) -> decltype(void(options.useLibUV)) { options.useLibUV = false; }
template <class Options> void over_sockets(Options&, long) {}
}  // namespace

static void finish(const c10::intrusive_ptr<c10d::Work>& work) { work->wait(); }

EXPORT int bridge_world_open(const char* backend, const char* host, int port, int rank, int size, int64_t timeout_ms, void** out) {
  return guard([&] {
    auto world = std::make_unique<World>();
    std::chrono::milliseconds timeout(timeout_ms);
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    options.isServer = rank == 0;
    options.numWorkers = size;
    options.waitWorkers = false;
    options.timeout = timeout;
    over_sockets(options, 0);
    world->store = c10::make_intrusive<c10d::TCPStore>(std::string(host), options);
    if (std::string(backend) == "nccl") {
#ifdef BRIDGE_NCCL
      auto o = c10d::ProcessGroupNCCL::Options::create();
      o->timeout = timeout;
      world->group = c10::make_intrusive<c10d::ProcessGroupNCCL>(world->store, rank, size, o);
#else
      TORCH_CHECK(false, "this bridge was built without NCCL");
#endif
    } else {
#ifdef BRIDGE_GLOO
      auto o = c10d::ProcessGroupGloo::Options::create();
      o->timeout = timeout;
      o->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
      world->group = c10::make_intrusive<c10d::ProcessGroupGloo>(world->store, rank, size, o);
#else
      TORCH_CHECK(false, "this bridge was built without Gloo; install libgloo-dev and build again");
#endif
    }
    *out = world.release();
  });
}
EXPORT int bridge_world_close(void* w) { return guard([&] { delete static_cast<World*>(w); }); }

// operation: 0 sum, 1 mean is left to the caller, 2 minimum, 3 maximum.
EXPORT int bridge_all_reduce(void* w, Handle tensor, int operation) {
  return guard([&] {
    std::vector<at::Tensor> list{borrow(tensor)};
    c10d::AllreduceOptions options;
    options.reduceOp = operation == 2 ? c10d::ReduceOp::MIN : operation == 3 ? c10d::ReduceOp::MAX : c10d::ReduceOp::SUM;
    finish(static_cast<World*>(w)->group->allreduce(list, options));
  });
}
EXPORT int bridge_broadcast(void* w, Handle tensor, int root) {
  return guard([&] {
    std::vector<at::Tensor> list{borrow(tensor)};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    finish(static_cast<World*>(w)->group->broadcast(list, options));
  });
}
// `gathered` holds one tensor per rank, of the shape of `tensor`.
EXPORT int bridge_all_gather(void* w, Handle tensor, Handle* gathered, int count) {
  return guard([&] {
    std::vector<at::Tensor> in{borrow(tensor)};
    std::vector<std::vector<at::Tensor>> out(1);
    for (int i = 0; i < count; i++) out[0].push_back(borrow(gathered[i]));
    finish(static_cast<World*>(w)->group->allgather(out, in));
  });
}
EXPORT int bridge_barrier(void* w) { return guard([&] { finish(static_cast<World*>(w)->group->barrier()); }); }
#else
#define NO_COLLECTIVES { return guard([] { TORCH_CHECK(false, "this bridge was built without Gloo and NCCL; install libgloo-dev and build again"); }); }
EXPORT int bridge_world_open(const char*, const char*, int, int, int, int64_t, void**) NO_COLLECTIVES
EXPORT int bridge_world_close(void*) NO_COLLECTIVES
EXPORT int bridge_all_reduce(void*, Handle, int) NO_COLLECTIVES
EXPORT int bridge_broadcast(void*, Handle, int) NO_COLLECTIVES
EXPORT int bridge_all_gather(void*, Handle, Handle*, int) NO_COLLECTIVES
EXPORT int bridge_barrier(void*) NO_COLLECTIVES
#endif
