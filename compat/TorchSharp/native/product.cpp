#include "bridge.h"
#include "processor.h"
#include "product.h"

#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

using at::Tensor;
using c10::optional;
using products::Matrix;
using products::Start;
using products::Strips;

namespace {

constexpr int64_t kDeep = 2048;   // k at a time
constexpr int64_t kWide = 2048;   // columns packed at a time
constexpr int64_t kHigh = 3072;   // rows turned at a time: whole tasks
constexpr int64_t kTall = 96;     // rows of one task: whole tiles of either kind
constexpr int64_t kPacked = 32;   // k of one task that packs rows of memory
constexpr int64_t kTasks = 16;    // for each thread, that all finish at about the same time

const products::Kernels& kernels() {
  static const products::Kernels& chosen = bridge::has_avx512() ? products::kernels_v4() : products::kernels_v3();
  return chosen;
}

Matrix view(const Tensor& t) { return {static_cast<const float*>(t.data_ptr()), t.size(0), t.size(1), t.stride(0), t.stride(1)}; }
Matrix part(const Matrix& m, int64_t i, int64_t rows, int64_t j, int64_t columns) { return {m.at(i, j), rows, columns, m.row_stride, m.column_stride}; }

// Memory that a thread keeps from call to call: fresh pages would cost as much as small products do.
float* workspace(std::vector<float>& kept, int64_t floats) {
  if (kept.size() < static_cast<size_t>(floats + 16)) kept.resize(floats + 16);
  return reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(kept.data()) + 63) / 64 * 64);
}

int64_t over(int64_t n, int64_t part) { return (n + part - 1) / part; }

// c = start + a·panels, where a is as deep as the panels; without a start c is added to.
void over_panels(const Strips& a, const float* panels, int64_t panel_stride, const Start* start, float* c, int64_t c_stride, int64_t columns) {
  const auto& kernel = kernels();
  const int64_t threads = at::get_num_threads(), down = over(a.rows, kTall), all = over(columns, kernel.across);
  // Each task a million multiplications at least.
  const int64_t least = std::max<int64_t>(1, (1 << 20) / std::max<int64_t>(1, std::min(a.rows, kTall) * a.depth * kernel.across));
  const int64_t groups = over(all, std::max(least, threads == 1 ? all : over(all * down, kTasks * threads))), group = over(all, groups);
  bridge::share(down * groups, [&](int64_t task) {
    const int64_t i = task / groups * kTall, panel = task % groups * group, j = panel * kernel.across;
    if (panel >= all) return;
    const Strips rows{a.data + i * a.tile_stride, std::min(kTall, a.rows - i), a.depth, a.tile_stride, a.row_stride, a.column_stride};
    const Start here = start ? products::at(*start, i, j) : Start{};
    kernel.multiply(rows, panels + panel * panel_stride, panel_stride, start ? &here : nullptr, c + i * c_stride + j, c_stride, std::min(group * kernel.across, columns - j));
  });
}

// How many tasks pack b into panels, and one of them: each reads rows of memory as long as they are.
int64_t panels_each(const Matrix& b) { return std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, b.rows * kernels().across)); }
int64_t packing(const Matrix& b) { return b.column_stride == 1 ? over(b.rows, kPacked) : over(b.columns, panels_each(b) * kernels().across); }
void pack_part(const Matrix& b, int64_t task, float* panels) {
  const auto& kernel = kernels();
  if (b.column_stride == 1) {
    const int64_t k = task * kPacked;
    return kernel.pack_panels(part(b, k, std::min(kPacked, b.rows - k), 0, b.columns), b.rows, panels + k * kernel.across);
  }
  const int64_t columns = panels_each(b) * kernel.across, j = task * columns;
  kernel.pack_panels(part(b, 0, b.rows, j, std::min(columns, b.columns - j)), b.rows, panels + j * b.rows);
}

void product_into(const Matrix& a, const Matrix& b, const Start* start, float* c, int64_t c_stride) {
  const auto& kernel = kernels();
  static thread_local std::vector<float> kept_panels, kept_strips;
  const bool turned = a.column_stride != 1;
  const int64_t high = turned ? kHigh : a.rows;
  for (int64_t k = 0; k < b.rows; k += kDeep) {
    const int64_t depth = std::min(kDeep, b.rows - k);
    for (int64_t j = 0; j < b.columns; j += kWide) {
      const int64_t width = std::min(kWide, b.columns - j);
      const Matrix block = part(b, k, depth, j, width);
      float* panels = workspace(kept_panels, over(width, kernel.across) * kernel.across * depth);
      for (int64_t i = 0; i < a.rows; i += high) {
        const Matrix left = part(a, i, std::min(high, a.rows - i), k, depth);
        float* strips = turned ? workspace(kept_strips, over(left.rows, kernel.down) * kernel.down * depth) : nullptr;
        // Strips of all rows serve the next columns too.
        const int64_t turning = turned && (j == 0 || a.rows > high) ? over(depth, kPacked) : 0;
        bridge::share(turning + (i == 0 ? packing(block) : 0), [&](int64_t task) {
          const int64_t first = task * kPacked;
          if (task < turning) kernel.pack_strips(part(left, 0, left.rows, first, std::min(kPacked, depth - first)), depth, strips + first * kernel.down);
          else pack_part(block, task - turning, panels);
        });
        const Strips rows = turned ? Strips{strips, left.rows, depth, depth, 1, kernel.down} : Strips{left.data, left.rows, depth, a.row_stride, a.row_stride, 1};
        const Start here = start ? products::at(*start, i, j) : Start{};
        over_panels(rows, panels, depth * kernel.across, start && k == 0 ? &here : nullptr, c + i * c_stride + j, c_stride, width);
      }
    }
  }
}

void check(const Tensor& t, const char* what) {
  TORCH_CHECK(t.device().is_cpu() && t.scalar_type() == at::kFloat && t.dim() == 2, "product: ", what, " has to be a float32 matrix on the CPU");
}

// What a product of this shape begins with: a bias [N], a residual [M, N], their sum, or nothing. It points into the tensors.
Start start_of(const Tensor& c, const Tensor& bias, const Tensor& residual) {
  if (bias.defined()) TORCH_CHECK(bias.scalar_type() == at::kFloat && bias.is_contiguous() && bias.numel() == c.size(1), "product: a bias ", bias.sizes(), " does not fit ", c.sizes());
  if (residual.defined()) TORCH_CHECK(residual.scalar_type() == at::kFloat && residual.is_contiguous() && residual.sizes() == c.sizes(), "product: a residual ", residual.sizes(), " does not fit ", c.sizes());
  return {bias.defined() ? bias.data_ptr<float>() : nullptr, residual.defined() ? residual.data_ptr<float>() : nullptr, c.size(1)};
}

Tensor given(const optional<Tensor>& t) { return t ? t->to(at::kFloat).contiguous() : Tensor(); }

// A product over nothing is what it begins with.
Tensor begun(Tensor c, const Tensor& bias, const Tensor& residual) {
  c.zero_();
  if (residual.defined()) c.add_(residual);
  return bias.defined() ? c.add_(bias) : c;
}

Tensor product_float(const Tensor& a, const Tensor& b, const optional<Tensor>& bias, const optional<Tensor>& residual) {
  check(a, "the left matrix");
  check(b, "the right matrix");
  TORCH_CHECK(a.size(1) == b.size(0), "product: ", a.sizes(), " does not fit ", b.sizes());
  Tensor c = at::empty({a.size(0), b.size(1)}, a.options());
  const Tensor row = given(bias), rows = given(residual);
  const Start start = start_of(c, row, rows);
  if (a.size(1) == 0) return begun(c, row, rows);
  product_into(view(a), view(b), &start, c.data_ptr<float>(), c.size(1));
  return c;
}

template <class F> double best_seconds(F f) {
  double best = 1e9;
  for (int i = 0; i < 3; i++) {
    const auto from = std::chrono::steady_clock::now();
    f();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
  }
  return best;
}

// Whether libtorch's bfloat16 products are worth having: where the processor has no instructions for them they take twenty
// times as long as float32. The instructions alone do not tell: a virtual machine may grant them and not their speed.
bool has_half_products() {
  static const bool found = [] {
    if (!__builtin_cpu_supports("avx512bf16")) return false;
    c10::AutoGradMode quiet(false);
    const Tensor a = at::ones({256, 512}), b = at::ones({512, 512}), x = a.to(at::kBFloat16), y = b.to(at::kBFloat16);
    return 1.2 * best_seconds([&] { at::mm(x, y); }) < best_seconds([&] { product_float(a, b, c10::nullopt, c10::nullopt); });
  }();
  return found;
}

}  // namespace

Tensor bridge::product(const Tensor& a, const Tensor& b, const optional<Tensor>& bias, const optional<Tensor>& residual) {
  if (a.scalar_type() != at::kBFloat16) return product_float(a, b, bias, residual);
  if (!has_half_products()) return product_float(a.to(at::kFloat), b.to(at::kFloat), bias, residual).to(at::kBFloat16);
  if (residual) return (bias ? at::add(*residual, *bias) : residual->clone()).addmm_(a, b);
  return bias ? at::addmm(*bias, a, b) : at::mm(a, b);
}

namespace {

// c += a·b, for c whose rows are contiguous.
void product_add(Tensor c, const Tensor& a, const Tensor& b) {
  check(a, "the left matrix");
  check(b, "the right matrix");
  check(c, "the sum");
  TORCH_CHECK(a.size(1) == b.size(0) && c.size(0) == a.size(0) && c.size(1) == b.size(1) && c.stride(1) == 1, "product: ", a.sizes(), " and ", b.sizes(), " do not fit the sum ", c.sizes());
  product_into(view(a), view(b), nullptr, c.data_ptr<float>(), c.stride(0));
}

// b [K, N] as float32 panels [⌈N/across⌉, K, across], for many products with it.
Tensor pack(const Tensor& given) {
  const Tensor b = given.to(at::kFloat);
  check(b, "the matrix");
  const auto& kernel = kernels();
  const Matrix m = view(b);
  const int64_t panels = over(m.columns, kernel.across);
  Tensor packed = at::empty({panels, m.rows, kernel.across}, b.options());
  float* to = static_cast<float*>(packed.data_ptr());
  bridge::share(packing(m), [&](int64_t task) { pack_part(m, task, to); });
  return packed;
}

Tensor product_packed(const Tensor& rows_given, const Tensor& packed, int64_t columns, const optional<Tensor>& bias, const optional<Tensor>& residual) {
  const Tensor a = rows_given.to(at::kFloat);
  check(a, "the left matrix");
  const int64_t across = kernels().across, depth = a.size(1);
  TORCH_CHECK(packed.dim() == 3 && packed.is_contiguous() && packed.size(1) == depth && packed.size(2) == across && packed.size(0) == (columns + across - 1) / across, "product: ", a.sizes(), " does not fit panels ", packed.sizes());
  Tensor c = at::empty({a.size(0), columns}, a.options());
  const Tensor row = given(bias), above = given(residual);
  const Start start = start_of(c, row, above);
  if (depth == 0 || columns == 0) return begun(c, row, above).to(rows_given.scalar_type());
  const Tensor rows = a.stride(1) == 1 ? a : a.contiguous();
  const Matrix left = view(rows);
  const float* panels = static_cast<const float*>(packed.data_ptr());
  for (int64_t k = 0; k < depth; k += kDeep)
    over_panels({left.at(0, k), left.rows, std::min(kDeep, depth - k), left.row_stride, left.row_stride, 1}, panels + k * across, depth * across, k == 0 ? &start : nullptr, c.data_ptr<float>(), columns, columns);
  return c.to(rows_given.scalar_type());
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bridge, m) {
  m.def("product(Tensor a, Tensor b, Tensor? bias, Tensor? residual) -> Tensor", bridge::product);
  m.def("product_add_(Tensor(a!) c, Tensor a, Tensor b) -> ()", product_add);
  m.def("pack(Tensor b) -> Tensor", pack);
  m.def("product_packed(Tensor a, Tensor packed, int columns, Tensor? bias, Tensor? residual) -> Tensor", product_packed);
}

EXPORT int bridge_has_half_products() { return has_half_products(); }
