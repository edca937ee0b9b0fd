// Activations, norms and lookups as operators of libtorch with gradients.
#include "bridge.h"
#include "operators.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

using at::Tensor;
using c10::optional;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

struct Gelu : torch::autograd::Function<Gelu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& input) {
    Tensor x = input.contiguous(), y = at::empty_like(x);
    ctx->save_for_backward({x});
    typed(x, [&](auto t) {
      using T = decltype(t);
      at::parallel_for(0, x.numel(), 8192, [&](int64_t from, int64_t to) { kernels<T>().gelu(data<T>(x) + from, data<T>(y) + from, to - from); });
    });
    return y;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    Tensor x = ctx->get_saved_variables()[0], g = grads[0].contiguous(), dx = at::empty_like(x);
    typed(x, [&](auto t) {
      using T = decltype(t);
      at::parallel_for(0, x.numel(), 8192, [&](int64_t from, int64_t to) { kernels<T>().gelu_backward(data<T>(x) + from, data<T>(g) + from, data<T>(dx) + from, to - from); });
    });
    return {dx};
  }
};

struct SwiGlu : torch::autograd::Function<SwiGlu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& input) {
    Tensor x = input.contiguous();
    const int64_t width = x.size(-1) / 2, rows = rows_of(x);
    auto shape = x.sizes().vec();
    shape.back() = width;
    Tensor y = at::empty(shape, x.options());
    ctx->save_for_backward({x});
    typed(x, [&](auto t) {
      using T = decltype(t);
      by_rows(rows, width, [&](int64_t from, int64_t to) { kernels<T>().swiglu(data<T>(x) + from * 2 * width, data<T>(y) + from * width, to - from, width); });
    });
    return y;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    Tensor x = ctx->get_saved_variables()[0], g = grads[0].contiguous(), dx = at::empty_like(x);
    const int64_t width = x.size(-1) / 2;
    typed(x, [&](auto t) {
      using T = decltype(t);
      by_rows(rows_of(x), width, [&](int64_t from, int64_t to) {
        kernels<T>().swiglu_backward(data<T>(x) + from * 2 * width, data<T>(g) + from * width, data<T>(dx) + from * 2 * width, to - from, width);
      });
    });
    return {dx};
  }
};

struct Norm : torch::autograd::Function<Norm> {
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& w, const optional<Tensor>& bias, double epsilon) {
    Tensor x = input.contiguous(), b = bias ? *bias : Tensor(), y = at::empty_like(x), stats = at::empty({rows_of(x), 2}, x.options().dtype(at::kFloat));
    const int64_t width = x.size(-1);
    TORCH_CHECK(w.is_contiguous() && w.numel() == width && w.scalar_type() == x.scalar_type(), "norm: the weight does not fit the rows");
    ctx->save_for_backward({x, w, stats});
    ctx->saved_data["biased"] = b.defined();
    typed(x, [&](auto t) {
      using T = decltype(t);
      by_rows(rows_of(x), width, [&](int64_t from, int64_t to) {
        kernels<T>().norm(data<T>(x) + from * width, data<T>(w), data<T>(b), data<T>(y) + from * width, data<float>(stats) + 2 * from, to - from, width, static_cast<float>(epsilon));
      });
    });
    return y;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    Tensor x = saved[0], w = saved[1], stats = saved[2], g = grads[0].contiguous(), dx = at::empty_like(x);
    const int64_t width = x.size(-1);
    const bool biased = ctx->saved_data["biased"].toBool();
    const PartialSums sums(rows_of(x), 2 * width);
    typed(x, [&](auto t) {
      using T = decltype(t);
      bridge::share(sums.tasks(), [&](int64_t part) {
        sums.run(part, [&](int64_t from, int64_t to, float* d) {
          kernels<T>().norm_backward(data<T>(x) + from * width, data<T>(w), data<float>(stats) + 2 * from, data<T>(g) + from * width, data<T>(dx) + from * width, d, biased ? d + width : nullptr, to - from, width);
        });
      });
    });
    return {dx, sums.total(0, width, w), biased ? sums.total(width, width, w) : Tensor(), Tensor()};
  }
};

// Rows of a table by their numbers. Whatever the number of threads, a row that is taken often gets its gradients in the
// order of the places: each thread has columns of its own.
struct Rows : torch::autograd::Function<Rows> {
  static Tensor forward(AutogradContext* ctx, const Tensor& given, const Tensor& places) {
    Tensor table = given.contiguous();
    const int64_t width = table.size(-1), count = places.numel();
    TORCH_CHECK(table.dim() == 2 && places.dim() == 1 && places.scalar_type() == at::kLong && places.is_contiguous(), "rows: a table [N, D] and int64 places are expected");
    for (int64_t i = 0; i < count; i++) TORCH_CHECK_INDEX(data<int64_t>(places)[i] >= 0 && data<int64_t>(places)[i] < table.size(0), "rows: there is no row ", data<int64_t>(places)[i], " of ", table.size(0));
    Tensor y = at::empty({count, width}, table.options());
    ctx->save_for_backward({places});
    ctx->saved_data["of"] = table.size(0);
    typed(table, [&](auto t) {
      using T = decltype(t);
      by_rows(count, width, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++) std::copy_n(data<T>(table) + data<int64_t>(places)[i] * width, width, data<T>(y) + i * width);
      });
    });
    return y;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    Tensor places = ctx->get_saved_variables()[0], g = grads[0].contiguous();
    const int64_t width = g.size(-1), count = places.numel();
    Tensor sums = at::zeros({ctx->saved_data["of"].toInt(), width}, g.options());
    typed(g, [&](auto t) {
      using T = decltype(t);
      at::parallel_for(0, width, std::max<int64_t>(32, 16384 / std::max<int64_t>(1, count)), [&](int64_t from, int64_t to) {
        for (int64_t i = 0; i < count; i++) kernels<T>().add(data<T>(g) + i * width + from, data<T>(sums) + data<int64_t>(places)[i] * width + from, to - from);
      });
    });
    return {sums, Tensor()};
  }
};

Tensor gelu(const Tensor& x) { return Gelu::apply(x); }
Tensor swiglu(const Tensor& x) { return SwiGlu::apply(x); }
Tensor rows(const Tensor& table, const Tensor& places) { return Rows::apply(table, places); }
Tensor norm(const Tensor& x, const Tensor& w, const optional<Tensor>& b, double epsilon) { return Norm::apply(x, w, b, epsilon); }

}  // namespace

TORCH_LIBRARY_FRAGMENT(bridge, m) {
  m.def("gelu(Tensor x) -> Tensor", gelu);
  m.def("swiglu(Tensor x) -> Tensor", swiglu);
  m.def("rows(Tensor table, Tensor places) -> Tensor", rows);
  m.def("norm(Tensor x, Tensor w, Tensor? b, float epsilon) -> Tensor", norm);
}
