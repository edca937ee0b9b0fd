// libcudart for a card that is not there. Its memory is the host's; what is put on a stream is done at once; a captured stream
// keeps what is put on it as functions, which a launch of the graph calls. What CUDA forbids while a stream is captured is an
// error here too: waits, pageable memory, allocations outside the pool. Kernels do not run: operators.cpp computes instead.
//   EMULATED_CUDA_CARDS=2       how many cards there are; 1 by default
//   EMULATED_CUDA_REPORT=FILE   a line at the end: operators, launches of graphs, waits of the host, copies to and from cards
#include "runtime.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

struct Capture {
  std::vector<std::function<void()>> work, undo;
  std::thread::id thread;
  cudaStreamCaptureMode mode;
  cudaStream_t origin;
  unsigned long long id;
  bool broken = false;
};
struct CUstream_st { Capture* capture = nullptr; };
struct CUevent_st { std::chrono::steady_clock::time_point at; Capture* capture = nullptr; };
struct CUgraph_st { std::vector<std::function<void()>> work; };
struct CUgraphExec_st { std::vector<std::function<void()>> work; };

namespace {
std::recursive_mutex lock;
std::map<char*, std::pair<size_t, cudaMemoryType>> blocks;
std::set<CUstream_st*> streams;
std::set<Capture*> captures;
std::map<const void*, std::string> kernels;
size_t used = 0;
unsigned long long captured = 0;
thread_local cudaError_t last = cudaSuccess;
thread_local cudaStreamCaptureMode own_mode = cudaStreamCaptureModeGlobal;
std::atomic<long> waits{0}, graph_launches{0}, copies_out{0}, copies_in{0}, operators{0};

size_t total() { return static_cast<size_t>(16) << 30; }
cudaError_t say(cudaError_t code) { if (code != cudaSuccess) last = code; return code; }
Capture* of(cudaStream_t s) { return s && streams.count(s) ? s->capture : nullptr; }
cudaError_t spoil(Capture* c, cudaError_t code, const char* what) {
  std::fprintf(stderr, "emulated CUDA: %s while a stream is captured\n", what);
  if (c) c->broken = true;
  return say(code);
}
// Calls that might wait for what a capture only writes down.
Capture* forbids() {
  if (own_mode == cudaStreamCaptureModeRelaxed) return nullptr;
  for (auto* c : captures) {
    if (c->mode == cudaStreamCaptureModeRelaxed) continue;
    if (c->thread == std::this_thread::get_id()) return c;
    if (own_mode == cudaStreamCaptureModeGlobal && c->mode == cudaStreamCaptureModeGlobal) return c;
  }
  return nullptr;
}
#define UNSAFE(what) do { std::lock_guard<std::recursive_mutex> held(lock); if (auto* c = forbids()) return spoil(c, cudaErrorStreamCaptureUnsupported, what); } while (0)
std::pair<char* const, std::pair<size_t, cudaMemoryType>>* block(const void* p) {
  auto at = blocks.upper_bound(static_cast<char*>(const_cast<void*>(p)));
  if (at == blocks.begin()) return nullptr;
  --at;
  return static_cast<const char*>(p) < at->first + at->second.first ? &*at : nullptr;
}
cudaError_t take(void** p, size_t n, cudaMemoryType type) {
  std::lock_guard<std::recursive_mutex> held(lock);
  if (type == cudaMemoryTypeDevice && used + n > total()) return say(cudaErrorMemoryAllocation);
  *p = std::aligned_alloc(512, (n + 511) / 512 * 512 + 512);
  std::memset(*p, 0xFF, n);  // what nobody wrote is not a number
  blocks[static_cast<char*>(*p)] = {n, type};
  if (type == cudaMemoryTypeDevice) used += n;
  return cudaSuccess;
}
cudaError_t give_back(void* p) {
  if (!p) return cudaSuccess;
  std::lock_guard<std::recursive_mutex> held(lock);
  auto at = blocks.find(static_cast<char*>(p));
  if (at == blocks.end()) return say(cudaErrorInvalidValue);
  if (at->second.second == cudaMemoryTypeDevice) used -= at->second.first;
  std::free(p);
  blocks.erase(at);
  return cudaSuccess;
}
// While a stream is captured its work is done as well, so that what follows finds values of the right kind; the end of the
// capture takes it back. `to` are the bytes that it writes.
cudaError_t put(cudaStream_t s, std::function<void()> work, void* to = nullptr, size_t bytes = 0) {
  { std::lock_guard<std::recursive_mutex> held(lock);
    if (auto* c = of(s)) {
      if (bytes) c->undo.push_back([to, was = std::string(static_cast<char*>(to), bytes)] { std::memcpy(to, was.data(), was.size()); });
      c->work.push_back(work);
    } }
  work();
  return cudaSuccess;
}
struct Report {
  ~Report() {
    if (const char* path = std::getenv("EMULATED_CUDA_REPORT")) {
      if (FILE* f = std::fopen(path, "a")) {
        std::fprintf(f, "operators %ld, launches of graphs %ld, waits %ld, copies to the device %ld, from it %ld\n", operators.load(), graph_launches.load(), waits.load(), copies_in.load(), copies_out.load());
        std::fclose(f);
      }
    }
  }
} report;
}  // namespace

bool emulated_capturing(void* stream) { std::lock_guard<std::recursive_mutex> held(lock); return of(static_cast<cudaStream_t>(stream)) != nullptr; }
void emulated_record(void* stream, std::function<void()> work) { std::lock_guard<std::recursive_mutex> held(lock); if (auto* c = of(static_cast<cudaStream_t>(stream))) c->work.push_back(std::move(work)); }
void emulated_undo(void* stream, std::function<void()> undo) { std::lock_guard<std::recursive_mutex> held(lock); if (auto* c = of(static_cast<cudaStream_t>(stream))) c->undo.push_back(std::move(undo)); }
bool emulated_pinned(const void* p) { std::lock_guard<std::recursive_mutex> held(lock); auto* b = block(p); return b && b->second.second == cudaMemoryTypeHost; }
void emulated_count(int inward, int outward) { operators++; copies_in += inward; copies_out += outward; }

extern "C" {
cudaError_t cudaGetLastError() { auto e = last; last = cudaSuccess; return e; }
cudaError_t cudaPeekAtLastError() { return last; }
const char* cudaGetErrorName(cudaError_t e) { return e == cudaErrorStreamCaptureUnsupported ? "cudaErrorStreamCaptureUnsupported" : e == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaError"; }
const char* cudaGetErrorString(cudaError_t e) {
  switch (e) {
    case cudaSuccess: return "no error";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorNotSupported: return "a kernel that the emulation does not have";
    case cudaErrorNotReady: return "not ready";
    default: return "emulated error";
  }
}
// The first question of every program; libtorch is there by now, so its operators can be replaced.
cudaError_t cudaGetDeviceCount(int* n) {
  static void* operators = dlopen("libemulated_operators.so", RTLD_NOW);
  if (!operators) std::fprintf(stderr, "emulated CUDA: %s\n", dlerror());
  const char* cards = std::getenv("EMULATED_CUDA_CARDS");
  *n = cards ? std::atoi(cards) : 1;
  return *n ? cudaSuccess : say(cudaErrorNoDevice);
}
static thread_local int current = 0;
cudaError_t cudaGetDevice(int* d) { *d = current; return cudaSuccess; }
cudaError_t cudaSetDevice(int d) { current = d; return cudaSuccess; }
cudaError_t cudaDriverGetVersion(int* v) { *v = 12040; return cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* v) { *v = 12040; return cudaSuccess; }
cudaError_t cudaGetDeviceProperties_v2(cudaDeviceProp* p, int) {
  std::memset(p, 0, sizeof *p);
  std::strcpy(p->name, "Emulated card");
  p->major = 9; p->minor = 0; p->totalGlobalMem = total(); p->multiProcessorCount = 132; p->maxThreadsPerMultiProcessor = 2048; p->maxThreadsPerBlock = 1024;
  p->warpSize = 32; p->sharedMemPerBlock = 49152; p->sharedMemPerBlockOptin = 232448; p->sharedMemPerMultiprocessor = 233472; p->regsPerBlock = 65536; p->regsPerMultiprocessor = 65536;
  p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024; p->maxThreadsDim[2] = 64; p->maxGridSize[0] = 2147483647; p->maxGridSize[1] = p->maxGridSize[2] = 65535; p->l2CacheSize = 50 << 20;
  p->textureAlignment = 512; p->canMapHostMemory = 1; p->unifiedAddressing = 1; p->concurrentKernels = 1; p->asyncEngineCount = 3;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* v, cudaDeviceAttr a, int) {
  switch (a) { case cudaDevAttrMultiProcessorCount: *v = 132; break; case cudaDevAttrComputeCapabilityMajor: *v = 9; break; case cudaDevAttrMaxThreadsPerBlock: *v = 1024; break;
    case cudaDevAttrWarpSize: *v = 32; break; case cudaDevAttrMaxSharedMemoryPerBlock: *v = 49152; break; case cudaDevAttrMaxSharedMemoryPerBlockOptin: *v = 232448; break; default: *v = 0; }
  return cudaSuccess;
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) { *least = 0; *greatest = -5; return cudaSuccess; }
cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) { *can = 0; return cudaSuccess; }
cudaError_t cudaDeviceEnablePeerAccess(int, unsigned) { return cudaSuccess; }
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* p, int) { *p = nullptr; return cudaSuccess; }
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolSetAccess(cudaMemPool_t, const cudaMemAccessDesc*, size_t) { return cudaSuccess; }
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { UNSAFE("a wait for the device"); waits++; return cudaSuccess; }

cudaError_t cudaMalloc(void** p, size_t n) { UNSAFE("cudaMalloc"); return take(p, n, cudaMemoryTypeDevice); }
cudaError_t cudaMallocAsync(void** p, size_t n, cudaStream_t) { return take(p, n, cudaMemoryTypeDevice); }
cudaError_t cudaFree(void* p) { UNSAFE("cudaFree"); return give_back(p); }
cudaError_t cudaFreeAsync(void* p, cudaStream_t) { return give_back(p); }
cudaError_t cudaHostAlloc(void** p, size_t n, unsigned) { UNSAFE("cudaHostAlloc"); return take(p, n, cudaMemoryTypeHost); }
cudaError_t cudaFreeHost(void* p) { UNSAFE("cudaFreeHost"); return give_back(p); }
cudaError_t cudaHostRegister(void*, size_t, unsigned) { return cudaSuccess; }
cudaError_t cudaHostUnregister(void*) { return cudaSuccess; }
cudaError_t cudaHostGetDevicePointer(void** d, void* h, unsigned) { *d = h; return cudaSuccess; }
cudaError_t cudaMemGetInfo(size_t* f, size_t* t) { std::lock_guard<std::recursive_mutex> held(lock); *t = total(); *f = total() - used; return cudaSuccess; }
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* a, const void* p) {
  std::lock_guard<std::recursive_mutex> held(lock);
  std::memset(a, 0, sizeof *a);
  auto* b = block(p);
  a->type = b ? b->second.second : cudaMemoryTypeUnregistered;
  a->devicePointer = a->hostPointer = const_cast<void*>(p);
  return cudaSuccess;
}
static bool outward(const void* d, const void* s) { std::lock_guard<std::recursive_mutex> held(lock); auto* a = block(d); auto* b = block(s); return b && b->second.second == cudaMemoryTypeDevice && !(a && a->second.second == cudaMemoryTypeDevice); }
static bool inward(const void* d, const void* s) { return outward(s, d); }
cudaError_t cudaMemcpy(void* d, const void* s, size_t n, cudaMemcpyKind) { UNSAFE("cudaMemcpy"); copies_out += outward(d, s); copies_in += inward(d, s); std::memmove(d, s, n); return cudaSuccess; }
cudaError_t cudaMemcpyAsync(void* d, const void* s, size_t n, cudaMemcpyKind, cudaStream_t stream) {
  { std::lock_guard<std::recursive_mutex> held(lock);
    auto* c = of(stream);
    auto* a = block(d); auto* b = block(s);
    if (c && (!a || !b)) return spoil(c, cudaErrorStreamCaptureUnsupported, "a copy of pageable memory"); }
  copies_out += outward(d, s); copies_in += inward(d, s);
  return put(stream, [=] { std::memmove(d, s, n); }, d, n);
}
cudaError_t cudaMemcpyPeerAsync(void* d, int, const void* s, int, size_t n, cudaStream_t stream) { return put(stream, [=] { std::memmove(d, s, n); }); }
cudaError_t cudaMemset(void* d, int v, size_t n) { UNSAFE("cudaMemset"); std::memset(d, v, n); return cudaSuccess; }
cudaError_t cudaMemsetAsync(void* d, int v, size_t n, cudaStream_t stream) { return put(stream, [=] { std::memset(d, v, n); }, d, n); }

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* s, unsigned, int) { std::lock_guard<std::recursive_mutex> held(lock); *s = new CUstream_st; streams.insert(*s); return cudaSuccess; }
cudaError_t cudaStreamCreate(cudaStream_t* s) { return cudaStreamCreateWithPriority(s, 0, 0); }
cudaError_t cudaStreamDestroy(cudaStream_t s) { std::lock_guard<std::recursive_mutex> held(lock); streams.erase(s); delete s; return cudaSuccess; }
cudaError_t cudaStreamGetPriority(cudaStream_t, int* p) { *p = 0; return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t s) { std::lock_guard<std::recursive_mutex> held(lock); if (auto* c = of(s)) return spoil(c, cudaErrorStreamCaptureUnsupported, "a wait for the captured stream"); waits++; return cudaSuccess; }
cudaError_t cudaStreamQuery(cudaStream_t s) { std::lock_guard<std::recursive_mutex> held(lock); if (auto* c = of(s)) return spoil(c, cudaErrorStreamCaptureUnsupported, "a question to the captured stream"); return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned) { std::lock_guard<std::recursive_mutex> held(lock); if (e->capture && captures.count(e->capture) && s && streams.count(s)) s->capture = e->capture; return cudaSuccess; }
cudaError_t cudaLaunchHostFunc(cudaStream_t s, cudaHostFn_t f, void* data) { return put(s, [=] { f(data); }); }
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* m) { std::swap(*m, own_mode); return cudaSuccess; }
cudaError_t cudaStreamBeginCapture(cudaStream_t s, cudaStreamCaptureMode mode) {
  std::lock_guard<std::recursive_mutex> held(lock);
  if (!s || !streams.count(s)) return say(cudaErrorStreamCaptureUnsupported);
  if (s->capture) return say(cudaErrorIllegalState);
  s->capture = new Capture{{}, {}, std::this_thread::get_id(), mode, s, ++captured};
  captures.insert(s->capture);
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t* g) {
  std::lock_guard<std::recursive_mutex> held(lock);
  *g = nullptr;
  auto* c = of(s);
  if (!c || c->origin != s) return say(cudaErrorIllegalState);
  if (c->mode != cudaStreamCaptureModeRelaxed && c->thread != std::this_thread::get_id()) return say(cudaErrorStreamCaptureWrongThread);
  for (auto* other : streams) if (other->capture == c) other->capture = nullptr;
  captures.erase(c);
  for (auto at = c->undo.rbegin(); at != c->undo.rend(); ++at) (*at)();
  bool broken = c->broken;
  if (!broken) *g = new CUgraph_st{std::move(c->work)};
  delete c;
  return broken ? say(cudaErrorStreamCaptureInvalidated) : cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t s, cudaStreamCaptureStatus* v) { std::lock_guard<std::recursive_mutex> held(lock); auto* c = of(s); *v = !c ? cudaStreamCaptureStatusNone : c->broken ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive; return cudaSuccess; }
cudaError_t cudaStreamGetCaptureInfo_v2(cudaStream_t s, cudaStreamCaptureStatus* v, unsigned long long* id, cudaGraph_t* g, const cudaGraphNode_t** d, size_t* n) {
  std::lock_guard<std::recursive_mutex> held(lock);
  cudaStreamIsCapturing(s, v);
  if (id) *id = of(s) ? of(s)->id : 0;
  if (g) *g = nullptr;
  if (d) *d = nullptr;
  if (n) *n = 0;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* e, cudaGraph_t g, unsigned long long) { *e = new CUgraphExec_st{g->work}; return cudaSuccess; }
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* e, cudaGraph_t g, unsigned long long f) { return cudaGraphInstantiate(e, g, f); }
cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s) {
  graph_launches++;
  return put(s, [e] { for (auto& work : e->work) work(); });
}
cudaError_t cudaGraphDestroy(cudaGraph_t g) { delete g; return cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t e) { delete e; return cudaSuccess; }
cudaError_t cudaGraphGetNodes(cudaGraph_t g, cudaGraphNode_t*, size_t* n) { *n = g->work.size(); return cudaSuccess; }
cudaError_t cudaGraphDebugDotPrint(cudaGraph_t, const char*, unsigned) { return cudaSuccess; }

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* e, unsigned) { *e = new CUevent_st; return cudaSuccess; }
cudaError_t cudaEventCreate(cudaEvent_t* e) { return cudaEventCreateWithFlags(e, 0); }
cudaError_t cudaEventDestroy(cudaEvent_t e) { delete e; return cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) { std::lock_guard<std::recursive_mutex> held(lock); e->at = std::chrono::steady_clock::now(); e->capture = of(s); return cudaSuccess; }
cudaError_t cudaEventQuery(cudaEvent_t e) { UNSAFE("a question to an event"); std::lock_guard<std::recursive_mutex> held(lock); if (e->capture && captures.count(e->capture)) return spoil(e->capture, cudaErrorCapturedEvent, "a question to a captured event"); return cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t e) { std::lock_guard<std::recursive_mutex> held(lock); if (e->capture && captures.count(e->capture)) return spoil(e->capture, cudaErrorCapturedEvent, "a wait for a captured event"); waits++; return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t a, cudaEvent_t b) { *ms = std::chrono::duration<float, std::milli>(b->at - a->at).count(); return cudaSuccess; }
cudaError_t cudaIpcGetEventHandle(cudaIpcEventHandle_t*, cudaEvent_t) { return say(cudaErrorNotSupported); }
cudaError_t cudaIpcOpenEventHandle(cudaEvent_t*, cudaIpcEventHandle_t) { return say(cudaErrorNotSupported); }
cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t*, void*) { return say(cudaErrorNotSupported); }
cudaError_t cudaIpcOpenMemHandle(void**, cudaIpcMemHandle_t, unsigned) { return say(cudaErrorNotSupported); }
cudaError_t cudaIpcCloseMemHandle(void*) { return say(cudaErrorNotSupported); }
cudaError_t cudaDeviceGetPCIBusId(char* text, int room, int) { std::snprintf(text, room, "0000:00:00.0"); return cudaSuccess; }
cudaError_t cudaProfilerStart() { return cudaSuccess; }
cudaError_t cudaProfilerStop() { return cudaSuccess; }

void** __cudaRegisterFatBinary(void*) { static void* handle; return &handle; }
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterVar(void**, char*, char*, const char*, int, size_t, int, int) {}
void __cudaRegisterFunction(void**, const char* host, char*, const char* name, int, void*, void*, void*, void*, int*) { std::lock_guard<std::recursive_mutex> held(lock); kernels[host] = name; }
unsigned __cudaPushCallConfiguration(dim3, dim3, size_t, void*) { return 0; }
cudaError_t __cudaPopCallConfiguration(dim3*, dim3*, size_t*, void*) { return cudaSuccess; }
static cudaError_t unknown(const void* f) {
  std::lock_guard<std::recursive_mutex> held(lock);
  std::fprintf(stderr, "emulated CUDA: no kernel %s\n", kernels.count(f) ? kernels[f].c_str() : "?");
  return say(cudaErrorNotSupported);
}
cudaError_t cudaLaunchKernel(const void* f, dim3, dim3, void**, size_t, cudaStream_t) { return unknown(f); }
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t*, const void* f, void**) { return unknown(f); }
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* a, const void*) { std::memset(a, 0, sizeof *a); a->maxThreadsPerBlock = 1024; a->binaryVersion = a->ptxVersion = 90; return cudaSuccess; }
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return cudaSuccess; }
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* n, const void*, int, size_t, unsigned) { *n = 8; return cudaSuccess; }
}
