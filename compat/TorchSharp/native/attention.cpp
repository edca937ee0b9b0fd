// Causal self-attention as operators of libtorch: over whole sequences with gradients, and over a cache.
#include "operators.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

using at::Tensor;
using c10::optional;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

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
      bridge::share(batch * shared, [&](int64_t task) {
        const int64_t b = task / shared, row = b * h.length;
        kernels<T>().attention(s, task % shared, data<T>(qkv) + row * h.stride(), real.defined() ? data<bool>(real) + row : nullptr,
                               positions.defined() ? data<int64_t>(positions) + row : nullptr, data<T>(out) + row * heads * h.width, data<float>(lse) + row * heads);
      });
    });
    ctx->save_for_backward({qkv, real, positions, cosines, sines, lse});
    ctx->saved_data["numbers"] = std::vector<int64_t>{batch, heads, shared, window};
    ctx->saved_data["scale"] = scale;
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    Tensor qkv = saved[0], real = saved[1], positions = saved[2], cosines = saved[3], sines = saved[4], lse = saved[5];
    auto n = ctx->saved_data["numbers"].toIntVector();
    const Heads h(qkv, n[0], n[1], n[2]);
    const auto s = shape(h, ctx->saved_data["scale"].toDouble(), n[3], cosines, sines);
    Tensor g = grads[0].contiguous(), dqkv = at::empty_like(qkv);
    typed(qkv, [&](auto t) {
      using T = decltype(t);
      bridge::share(h.batch * h.shared, [&](int64_t task) {
        const int64_t b = task / h.shared, row = b * h.length;
        kernels<T>().attention_backward(s, task % h.shared, data<T>(qkv) + row * h.stride(), real.defined() ? data<bool>(real) + row : nullptr,
                                        positions.defined() ? data<int64_t>(positions) + row : nullptr, data<float>(lse) + row * h.heads, data<T>(g) + row * h.heads * h.width, data<T>(dqkv) + row * h.stride());
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

Tensor attention(const Tensor& qkv, int64_t batch, int64_t heads, int64_t shared, double scale, const optional<Tensor>& mask, const optional<Tensor>& positions, int64_t window,
                 const optional<Tensor>& cosines, const optional<Tensor>& sines) {
  return Attention::apply(qkv, batch, heads, shared, scale, mask, positions, window, cosines, sines);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bridge, m) {
  m.def("attention(Tensor qkv, int batch, int heads, int shared, float scale, Tensor? mask, Tensor? positions, int window, Tensor? cosines, Tensor? sines) -> Tensor", attention);
  m.def("cache_append(Tensor(a!) qkv, Tensor(b!) keys, Tensor(c!) values, Tensor? starts, int heads, Tensor? cosines, Tensor? sines) -> ()", cache_append);
  m.def("attention_cached(Tensor qkv, Tensor keys, Tensor values, Tensor? starts, int heads, float scale, int window) -> Tensor", attention_cached);
}
