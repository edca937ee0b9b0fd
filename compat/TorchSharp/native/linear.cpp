// Linear layers as an operator of libtorch with gradients.
#include "blocks.h"
#include "bridge.h"
#include "operators.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

using at::Tensor;
using c10::optional;
using products::Matrix;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

// The columns' sums of rows [N, width], as tasks.
class ColumnSums {
 public:
  explicit ColumnSums(const Tensor& x) : x_(x), sums_(rows_of(x), x.size(-1)) {}
  int64_t tasks() const { return sums_.tasks(); }
  void run(int64_t part) const {
    const int64_t width = x_.size(-1);
    typed(x_, [&](auto t) {
      using T = decltype(t);
      sums_.run(part, [&](int64_t from, int64_t to, float* sums) { kernels<T>().column_sums(data<T>(x_) + from * width, sums, to - from, width); });
    });
  }
  Tensor total() const { return sums_.total(0, x_.size(-1), x_); }

 private:
  const Tensor& x_;
  PartialSums sums_;
};

struct None {
  int64_t tasks() const { return 0; }
  void run(int64_t) const {}
};

struct Gradients { Tensor x, w, b; };

// g·w, gᵀ·x and the sums of g's columns side by side: nothing of one waits for the others.
template <class Bias> void all_at_once(const Tensor& g, const Tensor& x, const Tensor& w, const Tensor& dx, const Tensor& dw, const Bias& bias) {
  static thread_local products::Workspace weights, inputs, turned;
  const Matrix rows = products::view(g), columns = products::view(g.t()), weight = products::view(w), input = products::view(x);
  const products::Left left(rows, nullptr), across(columns, turned.of(products::Left::floats(columns)));
  const products::Panels down(weight, weights.of(products::Panels::floats(weight))), up(input, inputs.of(products::Panels::floats(input)));
  products::share_all(down, up, across, bias);
  const products::Start none{};
  products::share_all(products::Tiles(left.strips(), down.data(), down.stride(), &none, data<float>(dx), dx.size(1), dx.size(1)),
                      products::Tiles(across.strips(), up.data(), up.stride(), &none, data<float>(dw), dw.size(1), dw.size(1)));
}

bool are_one_block(const Tensor& g, const Tensor& x, const Tensor& w) {
  if (g.scalar_type() != at::kFloat || x.scalar_type() != at::kFloat || w.scalar_type() != at::kFloat || g.numel() == 0 || x.numel() == 0) return false;
  const Matrix columns = products::view(g.t());
  return products::Left::turned(columns) && products::is_one_block(products::view(g), products::view(w)) && products::is_one_block(columns, products::view(x));
}

Gradients gradients(const Tensor& g, const Tensor& x, const Tensor& w, bool of_x, bool of_w, bool of_b) {
  Gradients d;
  if (of_x && of_w && are_one_block(g, x, w)) {
    d.x = at::empty({g.size(0), w.size(1)}, g.options());
    d.w = at::empty({w.size(0), w.size(1)}, g.options());
    if (!of_b) { all_at_once(g, x, w, d.x, d.w, None()); return d; }
    const ColumnSums sums(g);
    all_at_once(g, x, w, d.x, d.w, sums);
    d.b = sums.total();
    return d;
  }
  if (of_x) d.x = bridge::product(g, w, c10::nullopt, c10::nullopt);
  if (of_w) d.w = bridge::product(g.t(), x, c10::nullopt, c10::nullopt);
  if (of_b) {
    const ColumnSums sums(g);
    products::share_all(sums);
    d.b = sums.total();
  }
  return d;
}

// x·wᵀ + b + residual over rows.
struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& w, const optional<Tensor>& bias, const optional<Tensor>& residual) {
    ctx->save_for_backward({x, w});
    ctx->saved_data["biased"] = bias.has_value();
    ctx->saved_data["residual"] = residual.has_value();
    return bridge::product(x, w.t(), bias, residual);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor g = grads[0].contiguous();
    const Gradients d = gradients(g, saved[0], saved[1], ctx->needs_input_grad(0), ctx->needs_input_grad(1), ctx->saved_data["biased"].toBool() && ctx->needs_input_grad(2));
    return {d.x, d.w, d.b, ctx->saved_data["residual"].toBool() ? g : Tensor()};
  }
};

Tensor linear(const Tensor& x, const Tensor& w, const optional<Tensor>& b, const optional<Tensor>& residual) { return Linear::apply(x, w, b, residual); }

}  // namespace

TORCH_LIBRARY_FRAGMENT(bridge, m) { m.def("linear(Tensor x, Tensor w, Tensor? b, Tensor? residual) -> Tensor", linear); }
