// What operators over the kernels of vectors.h share. CPU tensors, float32 or bfloat16; rows are made contiguous where
// they are not.
#pragma once
#include "processor.h"
#include "vectors.h"

#include <ATen/core/Tensor.h>

namespace {

template <class T> const vectors::Kernels<T>& kernels() {
  static const vectors::Kernels<T>& chosen = bridge::has_avx512() ? vectors::kernels_v4(T()) : vectors::kernels_v3(T());
  return chosen;
}

// f(T()) with T the element type of x.
template <class F> void typed(const at::Tensor& x, F f) {
  TORCH_CHECK(x.device().is_cpu(), "this operator has a CPU form only");
  if (x.scalar_type() == at::kFloat) f(float());
  else if (x.scalar_type() == at::kBFloat16) f(vectors::Half16());
  else TORCH_CHECK(false, "float32 or bfloat16 is expected, got ", x.scalar_type());
}

template <class T> T* data(const at::Tensor& x) { return x.defined() ? reinterpret_cast<T*>(x.data_ptr()) : nullptr; }

inline int64_t rows_of(const at::Tensor& x) { return x.numel() / std::max<int64_t>(1, x.size(-1)); }

template <class F> void by_rows(int64_t rows, int64_t width, F f) {
  at::parallel_for(0, rows, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width)), f);
}

}  // namespace
