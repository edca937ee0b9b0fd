// Kernels of our own where libtorch's CPU half makes several passes over memory for one formula.
#include "bridge.h"
#include "processor.h"

#include <cmath>
#include <vector>

using namespace bridge;

namespace {

inline float widen(float x) { return x; }
inline float widen(c10::BFloat16 x) { return static_cast<float>(x); }

// A part of one of several tensors that the cores share.
struct Part { int tensor; int64_t from, to; };

std::vector<Part> parts(Handle* tensors, int count) {
  constexpr int64_t kLength = 1 << 15;
  std::vector<Part> all;
  for (int k = 0; k < count; k++)
    for (int64_t from = 0, n = tensors[k]->numel(); from < n; from += kLength) all.push_back({k, from, std::min(n, from + kLength)});
  return all;
}

// f(pointer) with the type of what a float32 or bfloat16 tensor holds.
template <class F> void typed(const at::Tensor& t, const char* what, F f) {
  TORCH_CHECK(t.device().is_cpu() && (t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16), what, " have to be float32 or bfloat16 on the CPU, got ", t.scalar_type());
  if (t.scalar_type() == at::kFloat) f(static_cast<const float*>(t.data_ptr()));
  else f(static_cast<const c10::BFloat16*>(t.data_ptr()));
}

template <class G> double squares(const G* x, int64_t n) {
  constexpr int kLanes = 16;
  double sums[kLanes] = {}, total = 0;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int j = 0; j < kLanes; j++) sums[j] += static_cast<double>(widen(x[i + j])) * widen(x[i + j]);
  for (; i < n; i++) total += static_cast<double>(widen(x[i])) * widen(x[i]);
  for (double sum : sums) total += sum;
  return total;
}

// Rounded once, from double, as PyTorch does: 1 − 0.999f is not 0.001f.
struct Factors { float scale, beta1, rest1, beta2, rest2, keep, step, root, eps; };

template <class G> void adamw(float* w, const G* g, float* m, float* v, c10::BFloat16* copy, int64_t from, int64_t to, const Factors& f) {
  for (int64_t i = from; i < to; i++) {
    const float grad = widen(g[i]) * f.scale;
    m[i] = f.beta1 * m[i] + f.rest1 * grad;
    v[i] = f.beta2 * v[i] + f.rest2 * grad * grad;
    w[i] = w[i] * f.keep - f.step * m[i] / (std::sqrt(v[i]) / f.root + f.eps);
  }
  if (copy) for (int64_t i = from; i < to; i++) copy[i] = c10::BFloat16(w[i]);
}

// One parameter with all that a step of AdamW reads and writes.
struct Learned { at::Tensor w, g, m, v; c10::BFloat16* copy; };

}  // namespace

// The L2 norm over all tensors together. Parts of a fixed length are added in their order, whatever the number of threads.
EXPORT int bridge_norm(Handle* tensors, int count, double* norm) {
  return guard([&] {
    std::vector<at::Tensor> dense(count);
    for (int k = 0; k < count; k++) dense[k] = borrow(tensors[k]).contiguous();
    const auto all = parts(tensors, count);
    std::vector<double> sums(all.size());
    share(all.size(), [&](int64_t i) { typed(dense[all[i].tensor], "norm: tensors", [&](auto* x) { sums[i] = squares(x + all[i].from, all[i].to - all[i].from); }); });
    double total = 0;
    for (double sum : sums) total += sum;
    *norm = std::sqrt(total);
  });
}

// One pass of AdamW (Loshchilov and Hutter 2019, as PyTorch defines it) over contiguous CPU tensors: weights and
// moments float32, gradient float32 or bfloat16 and multiplied by `scale`; `copy`, if given, receives the new
// weights as bfloat16.
EXPORT int bridge_adamw(Handle* weights, Handle* grads, Handle* m, Handle* v, Handle* copies, int count, double scale, double lr, double beta1, double beta2, double eps, double decay, int64_t step) {
  return guard([&] {
    const double correction1 = 1.0 - std::pow(beta1, static_cast<double>(step)), correction2 = 1.0 - std::pow(beta2, static_cast<double>(step));
    const Factors f{static_cast<float>(scale), static_cast<float>(beta1), static_cast<float>(1.0 - beta1), static_cast<float>(beta2), static_cast<float>(1.0 - beta2),
                    static_cast<float>(1.0 - lr * decay), static_cast<float>(lr / correction1), static_cast<float>(std::sqrt(correction2)), static_cast<float>(eps)};
    std::vector<Learned> learned(count);
    for (int k = 0; k < count; k++) {
      Learned& one = learned[k] = {borrow(weights[k]), borrow(grads[k]).contiguous(), borrow(m[k]), borrow(v[k]), copies && copies[k] ? static_cast<c10::BFloat16*>(borrow(copies[k]).data_ptr()) : nullptr};
      for (const auto& t : {one.w, one.m, one.v}) TORCH_CHECK(t.scalar_type() == at::kFloat && t.is_contiguous(), "adamw: weights and moments have to be contiguous float32 tensors");
      TORCH_CHECK(one.g.numel() == one.w.numel() && one.m.numel() == one.w.numel() && one.v.numel() == one.w.numel(), "adamw: sizes differ");
      typed(one.g, "adamw: gradients", [](auto*) {});
    }
    const auto all = parts(weights, count);
    share(all.size(), [&](int64_t i) {
      const Learned& one = learned[all[i].tensor];
      typed(one.g, "adamw: gradients", [&](auto* g) {
        adamw(static_cast<float*>(one.w.data_ptr()), g, static_cast<float*>(one.m.data_ptr()), static_cast<float*>(one.v.data_ptr()), one.copy, all[i].from, all[i].to, f);
      });
    });
  });
}
