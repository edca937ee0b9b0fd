// Kernels of our own where libtorch's CPU half makes several passes over memory for one formula.
#include "bridge.h"

#include <ATen/Parallel.h>

#include <cmath>

using namespace bridge;

static inline float widen(float x) { return x; }
static inline float widen(c10::BFloat16 x) { return static_cast<float>(x); }

// Rounded once, from double, as PyTorch does: 1 − 0.999f is not 0.001f.
struct Factors { float scale, beta1, rest1, beta2, rest2, keep, step, root, eps; };

template <class G>
static void adamw(float* w, const G* g, float* m, float* v, c10::BFloat16* copy, int64_t n, const Factors f) {
  at::parallel_for(0, n, 1 << 15, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float grad = widen(g[i]) * f.scale;
      m[i] = f.beta1 * m[i] + f.rest1 * grad;
      v[i] = f.beta2 * v[i] + f.rest2 * grad * grad;
      w[i] = w[i] * f.keep - f.step * m[i] / (std::sqrt(v[i]) / f.root + f.eps);
    }
    if (copy) for (int64_t i = from; i < to; i++) copy[i] = c10::BFloat16(w[i]);
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
    for (int k = 0; k < count; k++) {
      auto w = borrow(weights[k]), g = borrow(grads[k]).contiguous(), a = borrow(m[k]), b = borrow(v[k]);
      TORCH_CHECK(w.scalar_type() == at::kFloat && a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat && w.is_contiguous() && a.is_contiguous() && b.is_contiguous(),
                  "adamw: weights and moments have to be contiguous float32 tensors");
      TORCH_CHECK(g.numel() == w.numel() && a.numel() == w.numel() && b.numel() == w.numel(), "adamw: sizes differ");
      c10::BFloat16* copy = copies && copies[k] ? static_cast<c10::BFloat16*>(borrow(copies[k]).data_ptr()) : nullptr;
      auto run = [&](auto* grad) {
        adamw(static_cast<float*>(w.data_ptr()), grad, static_cast<float*>(a.data_ptr()), static_cast<float*>(b.data_ptr()), copy, w.numel(), f);
      };
      if (g.scalar_type() == at::kBFloat16) run(static_cast<const c10::BFloat16*>(g.data_ptr()));
      else { TORCH_CHECK(g.scalar_type() == at::kFloat, "adamw: gradients have to be float32 or bfloat16"); run(static_cast<const float*>(g.data_ptr())); }
    }
  });
}
