// NCCL between the processes of one machine: ranks meet in shared memory and add up there.
#include <nccl.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

namespace {
constexpr size_t kSlot = 4 << 20;
struct Meeting { std::atomic<int> ready; std::atomic<int> left; pthread_barrier_t barrier; };
size_t size_of(ncclDataType_t t) {
  switch (t) { case ncclInt8: case ncclUint8: return 1; case ncclFloat16: case ncclBfloat16: return 2; case ncclInt64: case ncclUint64: case ncclFloat64: return 8; default: return 4; }
}
template <class T> void fold(T* a, const T* b, size_t n, ncclRedOp_t op) {
  for (size_t i = 0; i < n; i++) a[i] = op == ncclMin ? std::min(a[i], b[i]) : op == ncclMax ? std::max(a[i], b[i]) : static_cast<T>(a[i] + b[i]);
}
void fold(void* a, const void* b, size_t n, ncclDataType_t t, ncclRedOp_t op) {
  switch (t) {
    case ncclFloat32: return fold(static_cast<float*>(a), static_cast<const float*>(b), n, op);
    case ncclFloat64: return fold(static_cast<double*>(a), static_cast<const double*>(b), n, op);
    case ncclInt64: return fold(static_cast<int64_t*>(a), static_cast<const int64_t*>(b), n, op);
    case ncclInt32: return fold(static_cast<int32_t*>(a), static_cast<const int32_t*>(b), n, op);
    case ncclUint8: return fold(static_cast<uint8_t*>(a), static_cast<const uint8_t*>(b), n, op);
    default: std::fprintf(stderr, "emulated NCCL: no sums of type %d\n", t); std::abort();
  }
}
}  // namespace
struct ncclComm {
  std::string name;
  int rank, size;
  char* memory;
  Meeting* meeting() { return reinterpret_cast<Meeting*>(memory); }
  char* slot(int r) { return memory + 4096 + r * kSlot; }
  void wait() { pthread_barrier_wait(&meeting()->barrier); }
  // Every rank shows some bytes at a time, then looks at all of them.
  void exchange(const void* in, size_t bytes, const std::function<void(size_t at, size_t n)>& look) {
    for (size_t at = 0; at < bytes || at == 0; at += kSlot) {
      const size_t n = std::min(kSlot, bytes - at);
      std::memcpy(slot(rank), static_cast<const char*>(in) + at, n);
      wait();
      look(at, n);
      wait();
    }
  }
};

extern "C" {
ncclResult_t ncclGetVersion(int* v) { *v = NCCL_VERSION_CODE; return ncclSuccess; }
const char* ncclGetErrorString(ncclResult_t) { return "emulated"; }
const char* ncclGetLastError(ncclComm_t) { return ""; }
ncclResult_t ncclGetUniqueId(ncclUniqueId* id) { static int n; std::memset(id, 0, sizeof *id); std::snprintf(id->internal, sizeof id->internal, "/emulated-nccl-%d-%d", getpid(), n++); return ncclSuccess; }
ncclResult_t ncclCommInitRankConfig(ncclComm_t* out, int size, ncclUniqueId id, int rank, ncclConfig_t*) {
  auto* c = new ncclComm{id.internal, rank, size, nullptr};
  int f = shm_open(id.internal, O_CREAT | O_RDWR, 0600);
  const size_t all = 4096 + kSlot * size;
  if (f < 0 || ftruncate(f, static_cast<off_t>(all)) != 0) return ncclSystemError;
  c->memory = static_cast<char*>(mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0));
  close(f);
  if (rank == 0) {
    pthread_barrierattr_t a;
    pthread_barrierattr_init(&a);
    pthread_barrierattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&c->meeting()->barrier, &a, size);
    c->meeting()->ready = 1;
  }
  while (!c->meeting()->ready) usleep(1000);
  c->wait();
  if (rank == 0) shm_unlink(id.internal);
  *out = c;
  return ncclSuccess;
}
ncclResult_t ncclCommInitRank(ncclComm_t* out, int size, ncclUniqueId id, int rank) { return ncclCommInitRankConfig(out, size, id, rank, nullptr); }
ncclResult_t ncclCommInitAll(ncclComm_t*, int, const int*) { return ncclInvalidUsage; }
ncclResult_t ncclCommSplit(ncclComm_t, int, int, ncclComm_t*, ncclConfig_t*) { return ncclInvalidUsage; }
ncclResult_t ncclCommFinalize(ncclComm_t) { return ncclSuccess; }
ncclResult_t ncclCommDestroy(ncclComm_t) { return ncclSuccess; }
ncclResult_t ncclCommAbort(ncclComm_t) { return ncclSuccess; }
ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* e) { *e = ncclSuccess; return ncclSuccess; }
ncclResult_t ncclCommCount(const ncclComm_t c, int* n) { *n = c->size; return ncclSuccess; }
ncclResult_t ncclCommUserRank(const ncclComm_t c, int* r) { *r = c->rank; return ncclSuccess; }
ncclResult_t ncclCommRegister(const ncclComm_t, void*, size_t, void**) { return ncclSuccess; }
ncclResult_t ncclCommDeregister(const ncclComm_t, void*) { return ncclSuccess; }
ncclResult_t ncclRedOpCreatePreMulSum(ncclRedOp_t*, void*, ncclDataType_t, ncclScalarResidence_t, ncclComm_t) { return ncclInvalidUsage; }
ncclResult_t ncclRedOpDestroy(ncclRedOp_t, ncclComm_t) { return ncclSuccess; }
ncclResult_t ncclGroupStart() { return ncclSuccess; }
ncclResult_t ncclGroupEnd() { return ncclSuccess; }
ncclResult_t ncclAllReduce(const void* in, void* out, size_t n, ncclDataType_t t, ncclRedOp_t op, ncclComm_t c, cudaStream_t) {
  c->exchange(in, n * size_of(t), [&](size_t at, size_t bytes) {
    std::string sum(c->slot(0), bytes);
    for (int r = 1; r < c->size; r++) fold(sum.data(), c->slot(r), bytes / size_of(t), t, op);
    std::memcpy(static_cast<char*>(out) + at, sum.data(), bytes);
  });
  return ncclSuccess;
}
ncclResult_t ncclReduce(const void* in, void* out, size_t n, ncclDataType_t t, ncclRedOp_t op, int, ncclComm_t c, cudaStream_t s) { return ncclAllReduce(in, out, n, t, op, c, s); }
ncclResult_t ncclBroadcast(const void* in, void* out, size_t n, ncclDataType_t t, int root, ncclComm_t c, cudaStream_t) {
  c->exchange(c->rank == root ? in : out, n * size_of(t), [&](size_t at, size_t bytes) { std::memcpy(static_cast<char*>(out) + at, c->slot(root), bytes); });
  return ncclSuccess;
}
ncclResult_t ncclBcast(void* both, size_t n, ncclDataType_t t, int root, ncclComm_t c, cudaStream_t s) { return ncclBroadcast(both, both, n, t, root, c, s); }
ncclResult_t ncclAllGather(const void* in, void* out, size_t n, ncclDataType_t t, ncclComm_t c, cudaStream_t) {
  const size_t own = n * size_of(t);
  c->exchange(in, own, [&](size_t at, size_t bytes) { for (int r = 0; r < c->size; r++) std::memcpy(static_cast<char*>(out) + r * own + at, c->slot(r), bytes); });
  return ncclSuccess;
}
ncclResult_t ncclReduceScatter(const void*, void*, size_t, ncclDataType_t, ncclRedOp_t, ncclComm_t, cudaStream_t) { return ncclInvalidUsage; }
ncclResult_t ncclSend(const void*, size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t) { return ncclInvalidUsage; }
ncclResult_t ncclRecv(void*, size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t) { return ncclInvalidUsage; }
}
