// Log-probs of given tokens and draws of new ones, from logits, as operators of libtorch.
#include "operators.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

using at::Tensor;

namespace {

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

// Entropies of softmax(logits·scale) and its divergences from softmax(others·scale), whose ln Σ exp are given.
std::tuple<Tensor, Tensor> divergence(const Tensor& logits, const Tensor& lse, const Tensor& others, const Tensor& other_lse, double scale) {
  const int64_t width = logits.size(-1), rows = logits.size(0);
  for (const Tensor& t : {logits, others})
    TORCH_CHECK(t.dim() == 2 && t.is_contiguous() && t.sizes() == logits.sizes() && t.scalar_type() == logits.scalar_type(), "divergence: logits [N, V] of one type are expected twice");
  for (const Tensor& t : {lse, other_lse}) TORCH_CHECK(t.scalar_type() == at::kFloat && t.is_contiguous() && t.numel() == rows, "divergence: logarithms of sums [N] are expected");
  Tensor entropies = at::empty({rows}, logits.options().dtype(at::kFloat)), divergences = at::empty_like(entropies);
  typed(logits, [&](auto t) {
    using T = decltype(t);
    by_rows(rows, width, [&](int64_t from, int64_t to) {
      kernels<T>().divergence(data<T>(logits) + from * width, data<float>(lse) + from, data<T>(others) + from * width, data<float>(other_lse) + from, data<float>(entropies) + from, data<float>(divergences) + from, to - from, width, static_cast<float>(scale));
    });
  });
  return {entropies, divergences};
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

}  // namespace

TORCH_LIBRARY_FRAGMENT(bridge, m) {
  m.def("log_prob(Tensor logits, Tensor targets, float scale) -> (Tensor, Tensor)", log_prob);
  m.def("log_prob_backward(Tensor(a!) logits, Tensor targets, Tensor lse, Tensor grad, float scale) -> ()", log_prob_backward);
  m.def("divergence(Tensor logits, Tensor lse, Tensor others, Tensor other_lse, float scale) -> (Tensor, Tensor)", divergence);
  m.def("sample(Tensor logits, Tensor uniforms, float scale) -> (Tensor, Tensor)", sample);
}
