// What the files of the bridge share: the value that crosses the border, and the error discipline.
#pragma once
#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace bridge {

// One argument or result. A tensor crosses as its TensorImpl*, owning one reference when it is a result.
enum Tag : int32_t {
  kDefault = -1,  // the default of the operator's schema
  kNone = 0, kTensor, kInt, kDouble, kBool, kIntList, kTensorList, kOptionalTensorList, kDoubleList, kString,
  kDevice, kGenerator, kBoolList,
};

struct Value {
  int32_t tag;
  int32_t count;  // of a list or string; the index of a device
  union { int64_t i; double d; void* p; };
};

using Handle = c10::TensorImpl*;

inline at::Tensor borrow(Handle h) {
  return h ? at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(h)) : at::Tensor();
}
inline Handle give(at::Tensor t) { return t.defined() ? t.unsafeReleaseTensorImpl() : nullptr; }

void set_error(const std::string& message);
void set_current_error();  // from inside a catch block

// Runs f; any C++ exception becomes the thread's error message and the return value 1.
template <class F> int guard(F&& f) {
  try { f(); return 0; } catch (...) { set_current_error(); return 1; }
}

// a·b (+ bias) (+ residual) for float32 or bfloat16 matrices on the CPU, of any strides (product.cpp).
at::Tensor product(const at::Tensor& a, const at::Tensor& b, const c10::optional<at::Tensor>& bias, const c10::optional<at::Tensor>& residual);

}  // namespace bridge
