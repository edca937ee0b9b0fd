// What operators over the kernels of vectors.h share. CPU tensors, float32 or bfloat16; rows are made contiguous where
// they are not.
#pragma once
#include "processor.h"
#include "vectors.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <vector>

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

// Sums of columns over rows, in parts that are added in an order that depends on the number of threads alone. One at a time
// in a thread, which keeps the memory.
class PartialSums {
 public:
  PartialSums(int64_t rows, int64_t columns) : rows_(rows), columns_(columns), parts_(std::max<int64_t>(1, std::min<int64_t>(at::get_num_threads(), rows / 16))) {
    static thread_local std::vector<float> kept;
    if (kept.size() < static_cast<size_t>(parts_ * columns_)) kept.resize(parts_ * columns_);
    sums_ = kept.data();
  }
  int64_t tasks() const { return parts_; }
  // One part: f adds rows from … to to its sums.
  template <class F> void run(int64_t part, F f) const {
    float* sums = sums_ + part * columns_;
    std::fill_n(sums, columns_, 0.0f);
    f(rows_ * part / parts_, rows_ * (part + 1) / parts_, sums);
  }
  // Those of some columns, rounded to the type of like.
  at::Tensor total(int64_t from, int64_t count, const at::Tensor& like) const {
    at::Tensor all = at::empty({count}, like.options().dtype(at::kFloat));
    float* to = data<float>(all);
    std::copy_n(sums_ + from, count, to);
    for (int64_t p = 1; p < parts_; p++)
      for (int64_t i = 0; i < count; i++) to[i] += sums_[p * columns_ + from + i];
    return all.scalar_type() == like.scalar_type() ? all : all.to(like.scalar_type());
  }

 private:
  int64_t rows_, columns_, parts_;
  float* sums_;
};

}  // namespace
