// The bridge between the managed tensor layer and an installed libtorch: operators by schema name through
// the dispatcher, and what is no operator (lifetimes, metadata, autograd, random state, threads).
#include "bridge.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/GradMode.h>
#include <torch/version.h>

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace bridge {

// A step frees and takes the same megabytes again and again: given back to the system in between, each page would be
// zeroed anew. What the environment says comes first.
__attribute__((constructor)) static void keep_freed_memory() {
#ifdef __GLIBC__
  if (std::getenv("MALLOC_TRIM_THRESHOLD_") || std::getenv("MALLOC_MMAP_THRESHOLD_")) return;
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most it takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 16 << 20);
#endif
}

static thread_local std::string last_error;
void set_error(const std::string& message) { last_error = message; }
void set_current_error() {
  try { throw; }
  catch (const c10::Error& e) { last_error = e.what_without_backtrace(); }
  catch (const std::exception& e) { last_error = e.what(); }
  catch (...) { last_error = "unknown C++ exception"; }
}

static c10::IValue to_ivalue(const Value& v) {
  switch (v.tag) {
    case kNone: return {};
    case kTensor: return borrow(static_cast<Handle>(v.p));
    case kInt: return v.i;
    case kDouble: return v.d;
    case kBool: return v.i != 0;
    case kIntList: {
      auto p = static_cast<const int64_t*>(v.p);
      return c10::IValue(std::vector<int64_t>(p, p + v.count));
    }
    case kDoubleList: {
      auto p = static_cast<const double*>(v.p);
      return c10::IValue(std::vector<double>(p, p + v.count));
    }
    case kBoolList: {
      c10::List<bool> list;
      for (int i = 0; i < v.count; i++) list.push_back(static_cast<const int64_t*>(v.p)[i] != 0);
      return c10::IValue(list);
    }
    case kTensorList: {
      c10::List<at::Tensor> list;
      list.reserve(v.count);
      for (int i = 0; i < v.count; i++) list.push_back(borrow(static_cast<Handle*>(v.p)[i]));
      return c10::IValue(list);
    }
    case kOptionalTensorList: {
      c10::List<c10::optional<at::Tensor>> list;
      list.reserve(v.count);
      for (int i = 0; i < v.count; i++) {
        auto h = static_cast<Handle*>(v.p)[i];
        list.push_back(h ? c10::optional<at::Tensor>(borrow(h)) : c10::optional<at::Tensor>());
      }
      return c10::IValue(list);
    }
    case kString: return std::string(static_cast<const char*>(v.p), v.count);
    case kDevice: return c10::Device(static_cast<c10::DeviceType>(v.i), static_cast<c10::DeviceIndex>(v.count));
    case kGenerator: return *static_cast<at::Generator*>(v.p);
    default: TORCH_CHECK(false, "unknown argument tag ", v.tag);
  }
}

static void from_ivalue(c10::IValue&& r, Value& out) {
  out.count = 0;
  out.p = nullptr;
  if (r.isNone()) { out.tag = kNone; }
  else if (r.isTensor()) { out.tag = kTensor; out.p = give(std::move(r).toTensor()); }
  else if (r.isInt()) { out.tag = kInt; out.i = r.toInt(); }
  else if (r.isDouble()) { out.tag = kDouble; out.d = r.toDouble(); }
  else if (r.isBool()) { out.tag = kBool; out.i = r.toBool(); }
  else if (r.isTensorList()) {
    auto list = r.toTensorVector();
    out.tag = kTensorList;
    out.count = static_cast<int32_t>(list.size());
    auto handles = new Handle[list.size()];
    for (size_t i = 0; i < list.size(); i++) handles[i] = give(std::move(list[i]));
    out.p = handles;
  }
  else TORCH_CHECK(false, "a result of kind ", r.tagKind(), " cannot cross the bridge");
}

}  // namespace bridge

using namespace bridge;

EXPORT const char* bridge_error() { return last_error.c_str(); }
EXPORT const char* bridge_torch_version() { return TORCH_VERSION; }
EXPORT int bridge_torch_version_number() { return TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR; }

// ---- operators -------------------------------------------------------------------------------------------
// The operator of that schema name and overload, or null where this libtorch has none.
EXPORT void* bridge_operator(const char* name, const char* overload) {
  try {
    auto op = c10::Dispatcher::singleton().findSchema({name, overload});
    return op ? new c10::OperatorHandle(*op) : nullptr;
  } catch (...) { set_current_error(); return nullptr; }
}

// Calls it; arguments left out at the end take the schema's defaults. Writes up to `room` results.
EXPORT int bridge_call(void* op, const Value* args, int count, Value* results, int room, int* produced) {
  return guard([&] {
    const auto& handle = *static_cast<c10::OperatorHandle*>(op);
    const auto& declared = handle.schema().arguments();
    TORCH_CHECK(static_cast<size_t>(count) <= declared.size(), "takes ", declared.size(), " arguments, got ", count);
    torch::jit::Stack stack;
    stack.reserve(declared.size());
    for (size_t i = 0; i < declared.size(); i++) {
      if (i < static_cast<size_t>(count) && args[i].tag != kDefault) { stack.push_back(to_ivalue(args[i])); continue; }
      TORCH_CHECK(declared[i].default_value().has_value(), "argument ", declared[i].name(), " is missing");
      stack.push_back(*declared[i].default_value());
    }
    handle.callBoxed(stack);
    *produced = static_cast<int>(stack.size());
    for (int i = 0; i < *produced && i < room; i++) from_ivalue(std::move(stack[i]), results[i]);
  });
}
EXPORT void bridge_free_list(void* handles) { delete[] static_cast<Handle*>(handles); }

// ---- tensors ---------------------------------------------------------------------------------------------
EXPORT void bridge_release(Handle h) { if (h) c10::raw::intrusive_ptr::decref(h); }
EXPORT Handle bridge_retain(Handle h) { return give(borrow(h)); }
EXPORT int64_t bridge_ndim(Handle h) { return h->dim(); }
EXPORT int64_t bridge_numel(Handle h) { return h->numel(); }
EXPORT int bridge_sizes(Handle h, int64_t* sizes, int64_t* strides) {
  return guard([&] {
    for (int64_t i = 0; i < h->dim(); i++) { sizes[i] = h->sizes()[i]; if (strides) strides[i] = h->strides()[i]; }
  });
}
EXPORT int bridge_dtype(Handle h) { return static_cast<int>(c10::typeMetaToScalarType(h->dtype())); }
EXPORT void bridge_device(Handle h, int* type, int* index) {
  auto d = h->device();
  *type = static_cast<int>(d.type());
  *index = d.has_index() ? d.index() : -1;
}
EXPORT int bridge_is_contiguous(Handle h) { return h->is_contiguous(); }
EXPORT int bridge_data(Handle h, void** data) {
  return guard([&] { auto t = borrow(h); *data = t.numel() == 0 ? nullptr : t.data_ptr(); });
}
EXPORT int bridge_storage_data(Handle h, void** data) {
  return guard([&] { *data = const_cast<void*>(static_cast<const void*>(borrow(h).storage().unsafeGetStorageImpl()->data())); });
}
EXPORT int bridge_empty_like_bytes(const int64_t* sizes, int ndim, int dtype, void* source, int64_t bytes, Handle* out) {
  return guard([&] {
    auto t = at::empty(at::IntArrayRef(sizes, ndim), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
    TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, "the shape takes ", t.nbytes(), " bytes, the data has ", bytes);
    if (bytes > 0) std::memcpy(t.data_ptr(), source, bytes);
    *out = give(std::move(t));
  });
}
// A tensor over memory that somebody else owns; `release(state)` is called when the last use is gone.
EXPORT int bridge_from_blob(void* data, const int64_t* sizes, int ndim, int dtype, void (*release)(void*), void* state, Handle* out) {
  return guard([&] {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
    *out = give(at::from_blob(data, at::IntArrayRef(sizes, ndim), [release, state](void*) { if (release) release(state); }, options));
  });
}

// ---- autograd --------------------------------------------------------------------------------------------
EXPORT int bridge_requires_grad(Handle h) { return h->requires_grad(); }
EXPORT int bridge_set_requires_grad(Handle h, int value) { return guard([&] { borrow(h).set_requires_grad(value != 0); }); }
EXPORT int bridge_is_leaf(Handle h) { return borrow(h).is_leaf(); }
EXPORT int bridge_grad(Handle h, Handle* out) { return guard([&] { *out = give(borrow(h).grad()); }); }
EXPORT int bridge_set_grad(Handle h, Handle grad) { return guard([&] { borrow(h).mutable_grad() = borrow(grad); }); }
EXPORT int bridge_set_data(Handle h, Handle data) { return guard([&] { borrow(h).set_data(borrow(data)); }); }
EXPORT int bridge_grad_enabled() { return c10::GradMode::is_enabled(); }
EXPORT void bridge_set_grad_enabled(int value) { c10::GradMode::set_enabled(value != 0); }
EXPORT void* bridge_inference_enter(int value) { return new c10::InferenceMode(value != 0); }
EXPORT void bridge_inference_exit(void* mode) { delete static_cast<c10::InferenceMode*>(mode); }
EXPORT int bridge_is_inference_mode() { return c10::InferenceMode::is_enabled(); }

// ---- random numbers --------------------------------------------------------------------------------------
EXPORT int bridge_manual_seed(int64_t seed) { return guard([&] { at::manual_seed(static_cast<uint64_t>(seed)); }); }
EXPORT int bridge_default_generator(void** out) {
  return guard([&] { *out = new at::Generator(at::detail::getDefaultCPUGenerator()); });
}
EXPORT int bridge_new_generator(uint64_t seed, int device_type, int device_index, void** out) {
  return guard([&] {
    if (device_type == static_cast<int>(c10::DeviceType::CPU)) { *out = new at::Generator(at::detail::createCPUGenerator(seed)); return; }
    auto base = at::globalContext().defaultGenerator(c10::Device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index < 0 ? 0 : device_index)));
    auto own = base.clone();
    own.set_current_seed(seed);
    *out = new at::Generator(own);
  });
}
EXPORT void bridge_free_generator(void* g) { delete static_cast<at::Generator*>(g); }
EXPORT int bridge_generator_seed(void* g, uint64_t seed) {
  return guard([&] { auto& own = *static_cast<at::Generator*>(g); std::lock_guard<std::mutex> lock(own.mutex()); own.set_current_seed(seed); });
}
EXPORT int64_t bridge_generator_initial_seed(void* g) { return static_cast<int64_t>(static_cast<at::Generator*>(g)->current_seed()); }
EXPORT int bridge_generator_state(void* g, Handle* out) {
  return guard([&] { auto& own = *static_cast<at::Generator*>(g); std::lock_guard<std::mutex> lock(own.mutex()); *out = give(own.get_state()); });
}
EXPORT int bridge_generator_set_state(void* g, Handle state) {
  return guard([&] { auto& own = *static_cast<at::Generator*>(g); std::lock_guard<std::mutex> lock(own.mutex()); own.set_state(borrow(state)); });
}

// ---- threads and switches --------------------------------------------------------------------------------
EXPORT int bridge_get_threads() { return at::get_num_threads(); }
EXPORT int bridge_set_threads(int n) { return guard([&] { at::set_num_threads(n); }); }
EXPORT int bridge_allow_tf32() { return at::globalContext().allowTF32CuBLAS(); }
EXPORT void bridge_set_allow_tf32(int value) { at::globalContext().setAllowTF32CuBLAS(value != 0); at::globalContext().setAllowTF32CuDNN(value != 0); }
EXPORT int bridge_has_mkldnn() { return at::hasMKLDNN(); }
EXPORT int bridge_set_deterministic(int value) {
  return guard([&] { at::globalContext().setDeterministicAlgorithms(value != 0, /*warn_only=*/false); });
}
EXPORT int bridge_set_flush_denormal(int value) { return at::globalContext().setFlushDenormal(value != 0); }
EXPORT int bridge_describe(char* text, int room) {
  return guard([&] { auto s = at::get_parallel_info(); std::strncpy(text, s.c_str(), room - 1); text[room - 1] = 0; });
}
