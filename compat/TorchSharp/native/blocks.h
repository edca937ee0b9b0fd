// A product of matrices as work for the cores: first its matrices are laid out for tiles, then the tiles are computed.
// What belongs to several products can be done side by side, so that threads wait for each other less often.
#pragma once
#include "processor.h"
#include "product.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

namespace products {

constexpr int64_t kDeep = 2048;   // k at a time
constexpr int64_t kWide = 2048;   // columns packed at a time
constexpr int64_t kHigh = 3072;   // rows turned at a time: whole tasks
constexpr int64_t kTall = 96;     // rows of one task: whole tiles of either kind
constexpr int64_t kPacked = 32;   // k of one task that packs rows of memory
constexpr int64_t kTasks = 16;    // for each thread, that all finish at about the same time

inline const Kernels& kernels() {
  static const Kernels& chosen = bridge::has_avx512() ? kernels_v4() : kernels_v3();
  return chosen;
}

// A float32 matrix of any strides.
inline Matrix view(const at::Tensor& t) { return {static_cast<const float*>(t.data_ptr()), t.size(0), t.size(1), t.stride(0), t.stride(1)}; }

inline int64_t over(int64_t n, int64_t part) { return (n + part - 1) / part; }
inline Matrix part(const Matrix& m, int64_t i, int64_t rows, int64_t j, int64_t columns) { return {m.at(i, j), rows, columns, m.row_stride, m.column_stride}; }

// Memory that a thread keeps from call to call: fresh pages would cost as much as small products do.
class Workspace {
 public:
  float* of(int64_t floats) {
    if (kept_.size() < static_cast<size_t>(floats + 16)) kept_.resize(floats + 16);
    return reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(kept_.data()) + 63) / 64 * 64);
  }

 private:
  std::vector<float> kept_;
};

// The right matrix of a product, laid out as panels; each task reads rows of memory as long as they are.
class Panels {
 public:
  static int64_t floats(const Matrix& b) { return over(b.columns, kernels().across) * kernels().across * b.rows; }
  Panels(const Matrix& b, float* to) : b_(b), to_(to), each_(std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, b.rows * kernels().across)) * kernels().across) {}
  const float* data() const { return to_; }
  int64_t stride() const { return b_.rows * kernels().across; }
  int64_t tasks() const { return b_.column_stride == 1 ? over(b_.rows, kPacked) : over(b_.columns, each_); }
  void run(int64_t task) const {
    const auto& kernel = kernels();
    if (b_.column_stride == 1) {
      const int64_t k = task * kPacked;
      return kernel.pack_panels(part(b_, k, std::min(kPacked, b_.rows - k), 0, b_.columns), b_.rows, to_ + k * kernel.across);
    }
    const int64_t j = task * each_;
    kernel.pack_panels(part(b_, 0, b_.rows, j, std::min(each_, b_.columns - j)), b_.rows, to_ + j * b_.rows);
  }

 private:
  Matrix b_;
  float* to_;
  int64_t each_;
};

// The left matrix: as it is where its rows are rows of memory, turned into strips where its columns are.
class Left {
 public:
  static int64_t floats(const Matrix& a) { return turned(a) ? over(a.rows, kernels().down) * kernels().down * a.columns : 0; }
  Left(const Matrix& a, float* strips) : a_(a), strips_(strips) {}
  static bool turned(const Matrix& a) { return a.column_stride != 1; }
  Strips strips() const {
    return turned(a_) ? Strips{strips_, a_.rows, a_.columns, a_.columns, 1, kernels().down} : Strips{a_.data, a_.rows, a_.columns, a_.row_stride, a_.row_stride, 1};
  }
  int64_t tasks() const { return turned(a_) ? over(a_.columns, kPacked) : 0; }
  void run(int64_t task) const {
    const int64_t k = task * kPacked;
    kernels().pack_strips(part(a_, 0, a_.rows, k, std::min(kPacked, a_.columns - k)), a_.columns, strips_ + k * kernels().down);
  }

 private:
  Matrix a_;
  float* strips_;
};

// c = start + a·panels, where a is as deep as the panels; without a start c is added to.
class Tiles {
 public:
  Tiles(const Strips& a, const float* panels, int64_t panel_stride, const Start* start, float* c, int64_t c_stride, int64_t columns)
      : a_(a), panels_(panels), panel_stride_(panel_stride), start_(start), c_(c), c_stride_(c_stride), columns_(columns), down_(over(a.rows, kTall)), all_(over(columns, kernels().across)) {
    const int64_t threads = at::get_num_threads();
    // Each task a million multiplications at least.
    const int64_t least = std::max<int64_t>(1, (1 << 20) / std::max<int64_t>(1, std::min(a.rows, kTall) * a.depth * kernels().across));
    const int64_t groups = over(all_, std::max(least, threads == 1 ? all_ : over(all_ * down_, kTasks * threads)));
    group_ = over(all_, groups);
    groups_ = over(all_, group_);
  }
  int64_t tasks() const { return down_ * groups_; }
  void run(int64_t task) const {
    const auto& kernel = kernels();
    const int64_t i = task / groups_ * kTall, panel = task % groups_ * group_, j = panel * kernel.across;
    const Strips rows{a_.data + i * a_.tile_stride, std::min(kTall, a_.rows - i), a_.depth, a_.tile_stride, a_.row_stride, a_.column_stride};
    const Start here = start_ ? at(*start_, i, j) : Start{};
    kernel.multiply(rows, panels_ + panel * panel_stride_, panel_stride_, start_ ? &here : nullptr, c_ + i * c_stride_ + j, c_stride_, std::min(group_ * kernel.across, columns_ - j));
  }

 private:
  Strips a_;
  const float* panels_;
  int64_t panel_stride_;
  const Start* start_;
  float* c_;
  int64_t c_stride_, columns_, down_, all_, group_, groups_;
};

// Whether a product is one block, with nothing to be done again for its other parts.
inline bool is_one_block(const Matrix& a, const Matrix& b) { return b.rows <= kDeep && b.columns <= kWide && (!Left::turned(a) || a.rows <= kHigh); }

// All tasks of several works, in no order.
template <class... Works> void share_all(const Works&... works) {
  bridge::share((works.tasks() + ...), [&](int64_t task) {
    auto take = [&](const auto& work) {
      if (task < 0) return;
      if (task < work.tasks()) work.run(task);
      task -= work.tasks();
    };
    (take(works), ...);
  });
}

// c = start + a·b; without a start c is added to.
void multiply_into(const Matrix& a, const Matrix& b, const Start* start, float* c, int64_t c_stride);

}  // namespace products
