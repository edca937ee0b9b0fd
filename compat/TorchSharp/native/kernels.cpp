// Kernels of our own where libtorch's CPU half makes several passes over memory for one formula.
#include "bridge.h"

#include <ATen/Parallel.h>

#include <cmath>

using namespace bridge;

static inline float widen(float x) { return x; }
static inline float widen(c10::BFloat16 x) { return static_cast<float>(x); }

template <class G>
static void adamw(float* w, const G* g, float* m, float* v, c10::BFloat16* copy, int64_t n, float scale, float lr, float beta1, float beta2, float eps, float decay, float correction1, float correction2) {
  const float step = lr / correction1, root = 1.0f / std::sqrt(correction2), keep = 1.0f - lr * decay;
  at::parallel_for(0, n, 1 << 15, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float grad = widen(g[i]) * scale;
      m[i] = beta1 * m[i] + (1.0f - beta1) * grad;
      v[i] = beta2 * v[i] + (1.0f - beta2) * grad * grad;
      w[i] = w[i] * keep - step * m[i] / (std::sqrt(v[i]) * root + eps);
    }
    if (copy) for (int64_t i = from; i < to; i++) copy[i] = c10::BFloat16(w[i]);
  });
}

// One pass of AdamW (Loshchilov and Hutter 2019, as PyTorch defines it) over contiguous CPU tensors: weights and
// moments float32, gradient float32 or bfloat16 and multiplied by `scale`; `copy`, if given, receives the new
// weights as bfloat16.
EXPORT int bridge_adamw(Handle* weights, Handle* grads, Handle* m, Handle* v, Handle* copies, int count, double scale, double lr, double beta1, double beta2, double eps, double decay, int64_t step) {
  return guard([&] {
    const float c1 = static_cast<float>(1.0 - std::pow(beta1, static_cast<double>(step)));
    const float c2 = static_cast<float>(1.0 - std::pow(beta2, static_cast<double>(step)));
    for (int k = 0; k < count; k++) {
      auto w = borrow(weights[k]), g = borrow(grads[k]).contiguous(), a = borrow(m[k]), b = borrow(v[k]);
      TORCH_CHECK(w.scalar_type() == at::kFloat && a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat && w.is_contiguous() && a.is_contiguous() && b.is_contiguous(),
                  "adamw: weights and moments have to be contiguous float32 tensors");
      TORCH_CHECK(g.numel() == w.numel() && a.numel() == w.numel() && b.numel() == w.numel(), "adamw: sizes differ");
      c10::BFloat16* copy = copies && copies[k] ? static_cast<c10::BFloat16*>(borrow(copies[k]).data_ptr()) : nullptr;
      auto run = [&](auto* grad) {
        adamw(static_cast<float*>(w.data_ptr()), grad, static_cast<float*>(a.data_ptr()), static_cast<float*>(b.data_ptr()), copy, w.numel(), static_cast<float>(scale),
              static_cast<float>(lr), static_cast<float>(beta1), static_cast<float>(beta2), static_cast<float>(eps), static_cast<float>(decay), c1, c2);
      };
      if (g.scalar_type() == at::kBFloat16) run(static_cast<const c10::BFloat16*>(g.data_ptr()));
      else { TORCH_CHECK(g.scalar_type() == at::kFloat, "adamw: gradients have to be float32 or bfloat16"); run(static_cast<const float*>(g.data_ptr())); }
    }
  });
}
