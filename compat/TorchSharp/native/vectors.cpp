#include "attention_kernels.h"
#include "lanes.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace vectors {
namespace {

constexpr float kRoot = 0.7978845608028654f, kCube = 0.044715f;  // √(2/π)

// ½(1 + tanh u) is the logistic function of 2u, which has no cancellation.
inline Lanes gate(Lanes x) { return 1.0f / (1.0f + exp(-2.0f * kRoot * x * (1.0f + kCube * x * x))); }

template <class T> void gelu(const T* x, T* y, int64_t n) {
  each(n, [&](int64_t i, auto at) {
    const Lanes v = at.get(x + i);
    at.put(y + i, v * gate(v));
  });
}

template <class T> void gelu_backward(const T* x, const T* g, T* dx, int64_t n) {
  each(n, [&](int64_t i, auto at) {
    const Lanes v = at.get(x + i), s = gate(v);
    at.put(dx + i, at.get(g + i) * (s + v * s * (1.0f - s) * (2.0f * kRoot) * (1.0f + 3.0f * kCube * v * v)));
  });
}

template <class T> void swiglu(const T* x, T* y, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++, x += 2 * width, y += width)
    each(width, [&](int64_t i, auto at) {
      const Lanes v = at.get(x + i);
      at.put(y + i, v / (1.0f + exp(-v)) * at.get(x + width + i));
    });
}

template <class T> void swiglu_backward(const T* x, const T* g, T* dx, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++, x += 2 * width, dx += 2 * width, g += width)
    each(width, [&](int64_t i, auto at) {
      const Lanes v = at.get(x + i), up = at.get(x + width + i), d = at.get(g + i), s = 1.0f / (1.0f + exp(-v));
      at.put(dx + i, d * up * s * (1.0f + v * (1.0f - s)));
      at.put(dx + width + i, d * v * s);
    });
}

template <class T> void norm(const T* x, const T* w, const T* b, T* y, float* stats, int64_t rows, int64_t width, float epsilon) {
  for (int64_t r = 0; r < rows; r++, x += width, y += width, stats += 2) {
    Lanes total{}, squares{};
    if (b) each(width, [&](int64_t i, auto at) { total += at.get(x + i); });
    const float mean = sum(total) / width;
    each(width, [&](int64_t i, auto at) { const Lanes d = at.keep(at.get(x + i) - mean); squares += d * d; });
    const float rstd = 1.0f / std::sqrt(sum(squares) / width + epsilon);
    stats[0] = mean;
    stats[1] = rstd;
    each(width, [&](int64_t i, auto at) {
      const Lanes v = (at.get(x + i) - mean) * rstd * at.get(w + i);
      at.put(y + i, b ? v + at.get(b + i) : v);
    });
  }
}

template <class T>
void norm_backward(const T* x, const T* w, const float* stats, const T* g, T* dx, float* dw, float* db, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++, x += width, g += width, dx += width, stats += 2) {
    const float mean = stats[0], rstd = stats[1];
    Lanes along{}, across{};  // Σ g·w and Σ g·w·x̂
    each(width, [&](int64_t i, auto at) {
      const Lanes d = at.get(g + i), hat = (at.get(x + i) - mean) * rstd, dw_i = at.get(dw + i) + d * hat;
      at.put(dw + i, dw_i);
      if (db) at.put(db + i, at.get(db + i) + d);
      const Lanes scaled = d * at.get(w + i);
      along += scaled;
      across += scaled * hat;
    });
    const float a = db ? sum(along) / width : 0.0f, c = sum(across) / width;
    each(width, [&](int64_t i, auto at) {
      const Lanes hat = (at.get(x + i) - mean) * rstd;
      at.put(dx + i, rstd * (at.get(g + i) * at.get(w + i) - a - hat * c));
    });
  }
}

template <class T> void add(const T* x, T* y, int64_t n) {
  each(n, [&](int64_t i, auto at) { at.put(y + i, at.get(y + i) + at.get(x + i)); });
}

template <class T> void column_sums(const T* x, float* sums, int64_t rows, int64_t width) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * width)
    each(width, [&](int64_t i, auto at) {
      at.put(sums + i, at.get(sums + i) + ((at.get(x + i) + at.get(x + width + i)) + (at.get(x + 2 * width + i) + at.get(x + 3 * width + i))));
    });
  for (; r < rows; r++, x += width) each(width, [&](int64_t i, auto at) { at.put(sums + i, at.get(sums + i) + at.get(x + i)); });
}

template <class T> void log_prob(const T* x, const int64_t* target, float* lse, float* log_prob, int64_t rows, int64_t width, float scale) {
  for (int64_t r = 0; r < rows; r++, x += width) {
    Lanes top = all(-INFINITY), total{};
    int64_t i = 0;
    for (; i + kLanes <= width; i += kLanes) top = larger(top, load(x + i));
    float peak = most(top);
    for (; i < width; i++) peak = widen(x[i]) > peak ? widen(x[i]) : peak;
    each(width, [&](int64_t k, auto at) { total += at.keep(exp((at.get(x + k) - peak) * scale)); });
    lse[r] = peak * scale + std::log(sum(total));
    log_prob[r] = widen(x[target[r]]) * scale - lse[r];
  }
}

template <class T>
void log_prob_backward(const T* x, const int64_t* target, const float* lse, const float* g, T* y, int64_t rows, int64_t width, float scale) {
  for (int64_t r = 0; r < rows; r++, x += width, y += width) {
    const float factor = -g[r] * scale, shift = lse[r], chosen = factor * std::exp(widen(x[target[r]]) * scale - shift) - factor;
    each(width, [&](int64_t i, auto at) { at.put(y + i, factor * exp(at.get(x + i) * scale - shift)); });
    narrow(chosen, y[target[r]]);
  }
}

template <class T>
void divergence(const T* x, const float* lse_x, const T* y, const float* lse_y, float* entropy, float* kl, int64_t rows, int64_t width, float scale) {
  for (int64_t r = 0; r < rows; r++, x += width, y += width) {
    Lanes sure{}, apart{};
    each(width, [&](int64_t i, auto at) {
      const Lanes ln_p = at.get(x + i) * scale - lse_x[r], p = at.keep(exp(ln_p));
      sure += p * ln_p;
      apart += p * (ln_p - (at.get(y + i) * scale - lse_y[r]));
    });
    entropy[r] = -sum(sure);
    kl[r] = sum(apart);
  }
}

// Sums of a few hundred tokens each find the one that holds the token, which is then looked for alone.
template <class T> void sample(const T* x, const float* uniform, int64_t* token, float* log_prob, int64_t rows, int64_t width, float scale) {
  constexpr int64_t kRun = 256;
  static thread_local std::vector<double> sums;
  sums.resize((width + kRun - 1) / kRun);
  for (int64_t r = 0; r < rows; r++, x += width) {
    Lanes top = all(-INFINITY);
    int64_t i = 0;
    for (; i + kLanes <= width; i += kLanes) top = larger(top, load(x + i));
    float peak = most(top);
    for (; i < width; i++) peak = widen(x[i]) > peak ? widen(x[i]) : peak;
    auto weights = [&](int64_t from, float* to) {  // of one run; returns their sum
      Lanes total{};
      each(std::min(kRun, width - from), [&](int64_t k, auto at) {
        const Lanes e = at.keep(exp((at.get(x + from + k) - peak) * scale));
        total += e;
        if (to) at.put(to + k, e);
      });
      return static_cast<double>(sum(total));
    };
    double total = 0;
    for (size_t b = 0; b < sums.size(); b++) total += sums[b] = weights(b * kRun, nullptr);
    const double wanted = uniform[r] * total;
    size_t b = 0;
    double before = 0;
    while (b + 1 < sums.size() && before + sums[b] <= wanted) before += sums[b++];
    while (b > 0 && sums[b] == 0) b--;
    float run[kRun];
    weights(b * kRun, run);
    int64_t chosen = 0;
    const int64_t count = std::min(kRun, width - static_cast<int64_t>(b) * kRun);
    for (int64_t k = 0; k < count; k++) {
      if (run[k] == 0) continue;
      chosen = k;
      before += run[k];
      if (before > wanted) break;
    }
    token[r] = b * kRun + chosen;
    log_prob[r] = (widen(x[token[r]]) - peak) * scale - static_cast<float>(std::log(total));
  }
}

template <class T> constexpr Kernels<T> table() {
  return {gelu<T>, gelu_backward<T>, swiglu<T>, swiglu_backward<T>, norm<T>, norm_backward<T>, add<T>, column_sums<T>, log_prob<T>, log_prob_backward<T>, divergence<T>, sample<T>,
          attention<T>, attention_backward<T>, attention_cached<T>, rotate<T>};
}

constexpr Kernels<float> kFloat = table<float>();
constexpr Kernels<Half16> kHalf = table<Half16>();

}  // namespace

#if defined(__AVX512F__)
const Kernels<float>& kernels_v4(float) { return kFloat; }
const Kernels<Half16>& kernels_v4(Half16) { return kHalf; }
#else
const Kernels<float>& kernels_v3(float) { return kFloat; }
const Kernels<Half16>& kernels_v3(Half16) { return kHalf; }
#endif

}  // namespace vectors
