#include "blocks.h"
#include "bridge.h"

#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <algorithm>
#include <chrono>

using at::Tensor;
using c10::optional;
using products::kDeep;
using products::Matrix;
using products::Start;
using products::view;

void products::multiply_into(const Matrix& a, const Matrix& b, const Start* start, float* c, int64_t c_stride) {
  static thread_local Workspace panels_kept, strips_kept;
  const int64_t high = Left::turned(a) ? kHigh : a.rows;
  for (int64_t k = 0; k < b.rows; k += kDeep) {
    const int64_t depth = std::min(kDeep, b.rows - k);
    for (int64_t j = 0; j < b.columns; j += kWide) {
      const int64_t width = std::min(kWide, b.columns - j);
      const Matrix block = part(b, k, depth, j, width);
      const Panels panels(block, panels_kept.of(Panels::floats(block)));
      for (int64_t i = 0; i < a.rows; i += high) {
        const Matrix rows = part(a, i, std::min(high, a.rows - i), k, depth);
        const Left left(rows, strips_kept.of(Left::floats(rows)));
        // Strips of all rows serve the next columns too, panels the next rows.
        const int64_t turning = j == 0 || a.rows > high ? left.tasks() : 0;
        bridge::share(turning + (i == 0 ? panels.tasks() : 0), [&](int64_t task) {
          if (task < turning) left.run(task);
          else panels.run(task - turning);
        });
        const Start here = start ? at(*start, i, j) : Start{};
        const Tiles tiles(left.strips(), panels.data(), panels.stride(), start && k == 0 ? &here : nullptr, c + i * c_stride + j, c_stride, width);
        bridge::share(tiles.tasks(), [&](int64_t task) { tiles.run(task); });
      }
    }
  }
}

namespace {

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
  products::multiply_into(view(a), view(b), &start, c.data_ptr<float>(), c.size(1));
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
  products::multiply_into(view(a), view(b), nullptr, c.data_ptr<float>(), c.stride(0));
}

// b [K, N] as float32 panels [⌈N/across⌉, K, across], for many products with it.
Tensor pack(const Tensor& given) {
  const Tensor b = given.to(at::kFloat);
  check(b, "the matrix");
  const Matrix m = view(b);
  const int64_t across = products::kernels().across;
  Tensor packed = at::empty({products::over(m.columns, across), m.rows, across}, b.options());
  const products::Panels panels(m, packed.data_ptr<float>());
  bridge::share(panels.tasks(), [&](int64_t task) { panels.run(task); });
  return packed;
}

Tensor product_packed(const Tensor& rows_given, const Tensor& packed, int64_t columns, const optional<Tensor>& bias, const optional<Tensor>& residual) {
  const Tensor a = rows_given.to(at::kFloat);
  check(a, "the left matrix");
  const int64_t across = products::kernels().across, depth = a.size(1);
  TORCH_CHECK(packed.dim() == 3 && packed.is_contiguous() && packed.size(1) == depth && packed.size(2) == across && packed.size(0) == (columns + across - 1) / across, "product: ", a.sizes(), " does not fit panels ", packed.sizes());
  Tensor c = at::empty({a.size(0), columns}, a.options());
  const Tensor row = given(bias), above = given(residual);
  const Start start = start_of(c, row, above);
  if (depth == 0 || columns == 0) return begun(c, row, above).to(rows_given.scalar_type());
  const Tensor rows = a.stride(1) == 1 ? a : a.contiguous();
  const Matrix left = view(rows);
  for (int64_t k = 0; k < depth; k += kDeep) {
    const products::Strips strips{left.at(0, k), left.rows, std::min(kDeep, depth - k), left.row_stride, left.row_stride, 1};
    const products::Tiles tiles(strips, packed.data_ptr<float>() + k * across, depth * across, k == 0 ? &start : nullptr, c.data_ptr<float>(), columns, columns);
    bridge::share(tiles.tasks(), [&](int64_t task) { tiles.run(task); });
  }
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
