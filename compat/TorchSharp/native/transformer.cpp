// The layers of a transformer as operators of libtorch with gradients, over the kernels of vectors.h. CPU tensors,
// float32 or bfloat16; rows are made contiguous where they are not.
#include "bridge.h"
#include "vectors.h"

#include <ATen/Parallel.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <type_traits>

using at::Tensor;
using c10::optional;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

template <class T> using Element = std::conditional_t<std::is_same<T, float>::value, float, c10::BFloat16>;

template <class T> const vectors::Kernels<T>& kernels() {
  static const vectors::Kernels<T>& chosen =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
          ? vectors::kernels_v4(T()) : vectors::kernels_v3(T());
  return chosen;
}

// f(T()) with T the element type of x.
template <class F> void typed(const Tensor& x, F f) {
  TORCH_CHECK(x.device().is_cpu(), "this operator has a CPU form only");
  if (x.scalar_type() == at::kFloat) f(float());
  else if (x.scalar_type() == at::kBFloat16) f(vectors::Half16());
  else TORCH_CHECK(false, "float32 or bfloat16 is expected, got ", x.scalar_type());
}

template <class T> T* data(const Tensor& x) { return x.defined() ? reinterpret_cast<T*>(x.data_ptr()) : nullptr; }

int64_t rows_of(const Tensor& x) { return x.numel() / std::max<int64_t>(1, x.size(-1)); }

// Each thread takes one run of rows, so that per-thread sums are added in an order that depends on the number of threads alone.
template <class F> void by_rows(int64_t rows, int64_t width, F f) {
  at::parallel_for(0, rows, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width)), f);
}

// Σ over rows of what f adds to a thread's sums [width]; rounded to the type of like.
template <class F> Tensor summed(const Tensor& like, int64_t rows, int64_t columns, F f) {
  const int64_t parts = std::max<int64_t>(1, std::min<int64_t>(at::get_num_threads(), rows / 16));
  Tensor sums = at::zeros({parts, columns}, like.options().dtype(at::kFloat));
  at::parallel_for(0, parts, 1, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; p++) f(rows * p / parts, rows * (p + 1) / parts, data<float>(sums) + p * columns);
  });
  return (parts == 1 ? sums.view({columns}) : sums.sum(0)).to(like.scalar_type());
}

Tensor column_sums(const Tensor& x) {
  const int64_t width = x.size(-1);
  Tensor out;
  typed(x, [&](auto t) {
    using T = decltype(t);
    out = summed(x, rows_of(x), width, [&](int64_t from, int64_t to, float* sums) { kernels<T>().column_sums(data<T>(x) + from * width, sums, to - from, width); });
  });
  return out;
}

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
    Tensor x = saved[0], w = saved[1], stats = saved[2], g = grads[0].contiguous(), dx = at::empty_like(x), sums;
    const int64_t width = x.size(-1);
    const bool biased = ctx->saved_data["biased"].toBool();
    typed(x, [&](auto t) {
      using T = decltype(t);
      sums = summed(w, rows_of(x), 2 * width, [&](int64_t from, int64_t to, float* d) {
        kernels<T>().norm_backward(data<T>(x) + from * width, data<T>(w), data<float>(stats) + 2 * from, data<T>(g) + from * width, data<T>(dx) + from * width, d, biased ? d + width : nullptr, to - from, width);
      });
    });
    return {dx, sums.narrow(0, 0, width), biased ? sums.narrow(0, width, width) : Tensor(), Tensor()};
  }
};

// a·b + bias + residual; other types than float32 go to libtorch, which may have hardware for them.
Tensor product(const Tensor& a, const Tensor& b, const optional<Tensor>& bias, const optional<Tensor>& residual) {
  if (a.scalar_type() == at::kFloat) return bridge::product(a, b, bias, residual);
  if (residual) return (bias ? at::add(*residual, *bias) : residual->clone()).addmm_(a, b);
  return bias ? at::addmm(*bias, a, b) : at::mm(a, b);
}

// x·wᵀ + b + residual over rows.
struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& w, const optional<Tensor>& bias, const optional<Tensor>& residual) {
    ctx->save_for_backward({x, w});
    ctx->saved_data["biased"] = bias.has_value();
    ctx->saved_data["residual"] = residual.has_value();
    return product(x, w.t(), bias, residual);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    Tensor x = saved[0], w = saved[1], g = grads[0].contiguous();
    return {ctx->needs_input_grad(0) ? product(g, w, c10::nullopt, c10::nullopt) : Tensor(), ctx->needs_input_grad(1) ? product(g.t(), x, c10::nullopt, c10::nullopt) : Tensor(),
            ctx->saved_data["biased"].toBool() && ctx->needs_input_grad(2) ? column_sums(g) : Tensor(), ctx->saved_data["residual"].toBool() ? g : Tensor()};
  }
};

// One op's view of qkv [N, (H + 2·Hkv)·Dh], N = batch × length.
struct Heads {
  int64_t batch, length, heads, shared, width;
  Heads(const Tensor& qkv, int64_t batch_, int64_t heads_, int64_t shared_)
      : batch(batch_), length(qkv.size(0) / std::max<int64_t>(1, batch_)), heads(heads_), shared(shared_), width(qkv.size(1) / (heads_ + 2 * shared_)) {
    TORCH_CHECK(batch > 0 && heads > 0 && shared > 0 && heads % shared == 0 && qkv.is_contiguous() && qkv.dim() == 2, "attention: ", heads, " heads on ", shared, " of keys do not fit");
    TORCH_CHECK(qkv.size(0) == batch * length && qkv.size(1) == (heads + 2 * shared) * width, "attention: rows ", qkv.sizes(), " do not fit ", batch, " sequences of ", heads, " heads");
  }
  int64_t stride() const { return (heads + 2 * shared) * width; }
};

vectors::AttentionShape shape(const Heads& h, double scale, int64_t window, const Tensor& cosines, const Tensor& sines) {
  if (cosines.defined())
    TORCH_CHECK(cosines.scalar_type() == at::kFloat && cosines.is_contiguous() && sines.is_contiguous() && 2 * cosines.size(1) <= h.width, "attention: rotary tables are float32 [positions, half]");
  return {h.length, h.heads, h.shared, h.width, static_cast<float>(scale), window, cosines.defined() ? cosines.size(1) : 0, data<float>(cosines), data<float>(sines)};
}

void check_rows(const Heads& h, const Tensor& real, const Tensor& positions, const Tensor& cosines, int64_t columns) {
  if (real.defined()) TORCH_CHECK(real.scalar_type() == at::kBool && real.is_contiguous() && real.numel() == h.batch * columns, "attention: the mask is bool, one flag per column");
  if (positions.defined()) {
    TORCH_CHECK(positions.scalar_type() == at::kLong && positions.is_contiguous() && positions.numel() == h.batch * h.length, "attention: positions are int64, one per token");
  } else if (cosines.defined()) {
    TORCH_CHECK(cosines.size(0) >= h.length, "attention: the rotary tables are shorter than the sequence");
  }
}

struct Attention : torch::autograd::Function<Attention> {
  static Tensor forward(AutogradContext* ctx, const Tensor& input, int64_t batch, int64_t heads, int64_t shared, double scale, const optional<Tensor>& mask,
                        const optional<Tensor>& where, int64_t window, const optional<Tensor>& cos, const optional<Tensor>& sin) {
    Tensor qkv = input.contiguous(), real = mask ? *mask : Tensor(), positions = where ? *where : Tensor(), cosines = cos ? *cos : Tensor(), sines = sin ? *sin : Tensor();
    const Heads h(qkv, batch, heads, shared);
    check_rows(h, real, positions, cosines, h.length);
    const auto s = shape(h, scale, window, cosines, sines);
    Tensor out = at::empty({qkv.size(0), heads * h.width}, qkv.options()), lse = at::empty({batch, heads, h.length}, qkv.options().dtype(at::kFloat));
    typed(qkv, [&](auto t) {
      using T = decltype(t);
      at::parallel_for(0, batch * shared, 1, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++) {
          const int64_t b = i / shared;
          kernels<T>().attention(s, i % shared, data<T>(qkv) + b * h.length * h.stride(), real.defined() ? data<bool>(real) + b * h.length : nullptr,
                                 positions.defined() ? data<int64_t>(positions) + b * h.length : nullptr, data<T>(out) + b * h.length * heads * h.width, data<float>(lse) + b * heads * h.length);
        }
      });
    });
    ctx->save_for_backward({qkv, real, positions, cosines, sines, out, lse});
    ctx->saved_data["numbers"] = std::vector<int64_t>{batch, heads, shared, window};
    ctx->saved_data["scale"] = scale;
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    Tensor qkv = saved[0], real = saved[1], positions = saved[2], cosines = saved[3], sines = saved[4], out = saved[5], lse = saved[6];
    auto n = ctx->saved_data["numbers"].toIntVector();
    const Heads h(qkv, n[0], n[1], n[2]);
    const auto s = shape(h, ctx->saved_data["scale"].toDouble(), n[3], cosines, sines);
    Tensor g = grads[0].contiguous(), dqkv = at::empty_like(qkv);
    typed(qkv, [&](auto t) {
      using T = decltype(t);
      at::parallel_for(0, h.batch * h.shared, 1, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++) {
          const int64_t b = i / h.shared, row = b * h.length;
          kernels<T>().attention_backward(s, i % h.shared, data<T>(qkv) + row * h.stride(), real.defined() ? data<bool>(real) + row : nullptr,
                                          positions.defined() ? data<int64_t>(positions) + row : nullptr, data<T>(out) + row * h.heads * h.width, data<float>(lse) + row * h.heads,
                                          data<T>(g) + row * h.heads * h.width, data<T>(dqkv) + row * h.stride());
        }
      });
    });
    return {dqkv, Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

// Where the newest tokens of each row stand in a cache: from column 0 on, or from those given [B].
struct Columns {
  const int64_t* starts;
  Columns(const Heads& h, const Tensor& keys, const Tensor& values, const optional<Tensor>& given) : starts(given ? data<int64_t>(*given) : nullptr) {
    TORCH_CHECK(keys.is_contiguous() && values.is_contiguous() && keys.sizes() == values.sizes() && keys.dim() == 4 && keys.size(0) == h.batch && keys.size(1) == h.shared && keys.size(3) == h.width,
                "attention: a cache ", keys.sizes(), " does not fit ", h.batch, " rows of ", h.shared, " heads");
    if (given) TORCH_CHECK(given->scalar_type() == at::kLong && given->is_contiguous() && given->numel() == h.batch, "attention: starts are int64, one per row");
    for (int64_t b = 0; b < h.batch; b++) TORCH_CHECK(at(b) >= 0 && at(b) + h.length <= keys.size(2), "attention: columns ", at(b), " to ", at(b) + h.length, " of row ", b, " are beyond a cache of ", keys.size(2));
  }
  int64_t at(int64_t row) const { return starts ? starts[row] : 0; }
};

// Turns queries and keys in place by the angles of their columns, then writes keys and values into a cache [B, Hkv, capacity, Dh].
void cache_append(Tensor qkv, Tensor keys, Tensor values, const optional<Tensor>& starts, int64_t heads, const optional<Tensor>& cos, const optional<Tensor>& sin) {
  const Heads h(qkv, keys.size(0), heads, keys.size(1));
  const Columns columns(h, keys, values, starts);
  Tensor cosines = cos ? *cos : Tensor(), sines = sin ? *sin : Tensor();
  const int64_t capacity = keys.size(2), half = cosines.defined() ? cosines.size(1) : 0;
  TORCH_CHECK(keys.scalar_type() == qkv.scalar_type(), "attention: the cache is ", keys.scalar_type(), ", the rows are ", qkv.scalar_type());
  for (int64_t b = 0; half && b < h.batch; b++) TORCH_CHECK(columns.at(b) + h.length <= cosines.size(0), "attention: the rotary tables are shorter than the sequence");
  typed(qkv, [&](auto t) {
    using T = decltype(t);
    at::parallel_for(0, qkv.size(0), 8, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; row++) {
        T* x = data<T>(qkv) + row * h.stride();
        const int64_t b = row / h.length, column = columns.at(b) + row % h.length;
        if (half) kernels<T>().rotate(x, heads + h.shared, h.width, half, data<float>(cosines) + column * half, data<float>(sines) + column * half);
        for (int64_t k = 0; k < h.shared; k++) {
          const int64_t at = ((b * h.shared + k) * capacity + column) * h.width;
          std::copy_n(x + (heads + k) * h.width, h.width, data<T>(keys) + at);
          std::copy_n(x + (heads + h.shared + k) * h.width, h.width, data<T>(values) + at);
        }
      }
    });
  });
}

// The newest queries of qkv, turned already, over all columns up to their own.
Tensor attention_cached(const Tensor& qkv, const Tensor& keys, const Tensor& values, const optional<Tensor>& starts, int64_t heads, double scale, int64_t window) {
  const Heads h(qkv, keys.size(0), heads, keys.size(1));
  const Columns columns(h, keys, values, starts);
  TORCH_CHECK(keys.scalar_type() == qkv.scalar_type(), "attention: the cache is ", keys.scalar_type(), ", the rows are ", qkv.scalar_type());
  const int64_t capacity = keys.size(2), group = heads / h.shared;
  Tensor out = at::empty({qkv.size(0), heads * h.width}, qkv.options());
  typed(qkv, [&](auto t) {
    using T = decltype(t);
    at::parallel_for(0, h.batch * heads, 4, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) {
        const int64_t b = i / heads, head = i % heads, at = (b * h.shared + head / group) * capacity * h.width;
        const vectors::CacheShape s{columns.at(b), h.length, h.width, window, static_cast<float>(scale)};
        kernels<T>().attention_cached(s, data<T>(qkv) + b * h.length * h.stride() + head * h.width, h.stride(), data<T>(keys) + at, data<T>(values) + at,
                                      data<T>(out) + (b * h.length * heads + head) * h.width, heads * h.width);
      }
    });
  });
  return out;
}

// ln softmax(logits·scale) at the targets, and ln Σ exp: of rows whose gradient log_prob_backward gives.
std::tuple<Tensor, Tensor> log_prob(const Tensor& logits, const Tensor& targets, double scale) {
  const int64_t width = logits.size(-1), rows = logits.size(0);
  TORCH_CHECK(logits.dim() == 2 && logits.is_contiguous() && targets.scalar_type() == at::kLong && targets.is_contiguous() && targets.numel() == rows, "log_prob: logits [N, V] and targets [N] are expected");
  for (int64_t r = 0; r < rows; r++) TORCH_CHECK(data<int64_t>(targets)[r] >= 0 && data<int64_t>(targets)[r] < width, "log_prob: target ", data<int64_t>(targets)[r], " of ", width);
  Tensor lse = at::empty({rows}, logits.options().dtype(at::kFloat)), chosen = at::empty_like(lse);
  typed(logits, [&](auto t) {
    using T = decltype(t);
    by_rows(rows, width, [&](int64_t from, int64_t to) {
      kernels<T>().log_prob(data<T>(logits) + from * width, data<int64_t>(targets) + from, data<float>(lse) + from, data<float>(chosen) + from, to - from, width, static_cast<float>(scale));
    });
  });
  return {chosen, lse};
}

// The logits' gradient for Σ g·log_prob, written over them.
void log_prob_backward(Tensor logits, const Tensor& targets, const Tensor& lse, const Tensor& grad, double scale) {
  const int64_t width = logits.size(-1), rows = logits.size(0);
  Tensor g = grad.contiguous();
  TORCH_CHECK(logits.is_contiguous() && targets.numel() == rows && lse.numel() == rows && g.numel() == rows && g.scalar_type() == at::kFloat, "log_prob_backward: sizes or types differ");
  typed(logits, [&](auto t) {
    using T = decltype(t);
    by_rows(rows, width, [&](int64_t from, int64_t to) {
      kernels<T>().log_prob_backward(data<T>(logits) + from * width, data<int64_t>(targets) + from, data<float>(lse) + from, data<float>(g) + from, data<T>(logits) + from * width, to - from, width, static_cast<float>(scale));
    });
  });
}

// A token of softmax(logits·scale) for each row, by numbers in [0, 1), and its log-prob.
std::tuple<Tensor, Tensor> sample(const Tensor& logits, const Tensor& uniforms, double scale) {
  const int64_t width = logits.size(-1), rows = logits.size(0);
  TORCH_CHECK(logits.dim() == 2 && logits.is_contiguous() && uniforms.scalar_type() == at::kFloat && uniforms.is_contiguous() && uniforms.numel() == rows, "sample: logits [N, V] and uniforms [N] are expected");
  Tensor tokens = at::empty({rows}, logits.options().dtype(at::kLong)), log_probs = at::empty({rows}, logits.options().dtype(at::kFloat));
  typed(logits, [&](auto t) {
    using T = decltype(t);
    by_rows(rows, width, [&](int64_t from, int64_t to) {
      kernels<T>().sample(data<T>(logits) + from * width, data<float>(uniforms) + from, data<int64_t>(tokens) + from, data<float>(log_probs) + from, to - from, width, static_cast<float>(scale));
    });
  });
  return {tokens, log_probs};
}

Tensor gelu(const Tensor& x) { return Gelu::apply(x); }
Tensor swiglu(const Tensor& x) { return SwiGlu::apply(x); }
Tensor norm(const Tensor& x, const Tensor& w, const optional<Tensor>& b, double epsilon) { return Norm::apply(x, w, b, epsilon); }
Tensor linear(const Tensor& x, const Tensor& w, const optional<Tensor>& b, const optional<Tensor>& residual) { return Linear::apply(x, w, b, residual); }
Tensor attention(const Tensor& qkv, int64_t batch, int64_t heads, int64_t shared, double scale, const optional<Tensor>& mask, const optional<Tensor>& positions, int64_t window,
                 const optional<Tensor>& cosines, const optional<Tensor>& sines) {
  return Attention::apply(qkv, batch, heads, shared, scale, mask, positions, window, cosines, sines);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bridge, m) {
  m.def("gelu(Tensor x) -> Tensor", gelu);
  m.def("swiglu(Tensor x) -> Tensor", swiglu);
  m.def("norm(Tensor x, Tensor w, Tensor? b, float epsilon) -> Tensor", norm);
  m.def("linear(Tensor x, Tensor w, Tensor? b, Tensor? residual) -> Tensor", linear);
  m.def("attention(Tensor qkv, int batch, int heads, int shared, float scale, Tensor? mask, Tensor? positions, int window, Tensor? cosines, Tensor? sines) -> Tensor", attention);
  m.def("cache_append(Tensor(a!) qkv, Tensor(b!) keys, Tensor(c!) values, Tensor? starts, int heads, Tensor? cosines, Tensor? sines) -> ()", cache_append);
  m.def("attention_cached(Tensor qkv, Tensor keys, Tensor values, Tensor? starts, int heads, float scale, int window) -> Tensor", attention_cached);
  m.def("log_prob(Tensor logits, Tensor targets, float scale) -> (Tensor, Tensor)", log_prob);
  m.def("sample(Tensor logits, Tensor uniforms, float scale) -> (Tensor, Tensor)", sample);
  m.def("log_prob_backward(Tensor(a!) logits, Tensor targets, Tensor lse, Tensor grad, float scale) -> ()", log_prob_backward);
}
