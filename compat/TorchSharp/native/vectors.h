// The arithmetic of transformer layers on the CPU: plain functions of pointers, compiled once per instruction set
// and chosen at run time. Rows are contiguous; T is float or Half16 (bfloat16), sums are float.
#pragma once
#include <cstdint>

namespace vectors {

struct Half16 { uint16_t bits; };  // bfloat16: the upper half of a float

// How queries, keys and values lie in one row per token, and what is turned by rotary tables [positions, half].
struct AttentionShape {
  int64_t length, heads, shared, width;  // S, H, Hkv, Dh
  float scale;
  int64_t window;                        // keys further back are not seen; 0 for no limit
  int64_t half;                          // pairs of each head that are turned; 0 for none
  const float *cosines, *sines;
};

// Keys and values of one head [capacity, Dh]; the newest `queries` stand at columns `first` and after.
struct CacheShape {
  int64_t first, queries, width, window;
  float scale;
};

template <class T>
struct Kernels {
  // y = x·½(1 + tanh(√(2/π)(x + 0.044715x³))), and its derivative times g.
  void (*gelu)(const T* x, T* y, int64_t n);
  void (*gelu_backward)(const T* x, const T* g, T* dx, int64_t n);
  // Rows [gate | up] of 2·width: y = silu(gate)·up.
  void (*swiglu)(const T* x, T* y, int64_t rows, int64_t width);
  void (*swiglu_backward)(const T* x, const T* g, T* dx, int64_t rows, int64_t width);
  // y = (x − mean)·rstd·w + b; with b null y = x·rstd·w. stats: mean and rstd of each row.
  void (*norm)(const T* x, const T* w, const T* b, T* y, float* stats, int64_t rows, int64_t width, float epsilon);
  // The gradient of x; dw and, where given, db are added to.
  void (*norm_backward)(const T* x, const T* w, const float* stats, const T* g, T* dx, float* dw, float* db, int64_t rows, int64_t width);
  // y += x
  void (*add)(const T* x, T* y, int64_t n);
  // sums[c] += Σ_r x[r, c]
  void (*column_sums)(const T* x, float* sums, int64_t rows, int64_t width);
  // ln Σ exp(x·scale) of each row, and x[target]·scale minus it.
  void (*log_prob)(const T* x, const int64_t* target, float* lse, float* log_prob, int64_t rows, int64_t width, float scale);
  // y = g·scale·(onehot(target) − softmax(x·scale)); y may be x.
  void (*log_prob_backward)(const T* x, const int64_t* target, const float* lse, const float* g, T* y, int64_t rows, int64_t width, float scale);
  // With p and q the softmax of x·scale and y·scale, whose ln Σ exp are given: −Σ p·ln p and Σ p·(ln p − ln q) of each row.
  void (*divergence)(const T* x, const float* lse_x, const T* y, const float* lse_y, float* entropy, float* kl, int64_t rows, int64_t width, float scale);
  // Draws from softmax(x·scale) by numbers in [0, 1): the token where the cumulative probability passes the number.
  void (*sample)(const T* x, const float* uniform, int64_t* token, float* log_prob, int64_t rows, int64_t width, float scale);
  // One key-value head of one sequence, with the query heads that share it: out [S, H·Dh] from qkv [S, (H + 2·Hkv)·Dh].
  // Position s of row s where positions is null; every key is real where real is null.
  void (*attention)(const AttentionShape& s, int64_t head, const T* qkv, const bool* real, const int64_t* positions, T* out, float* lse);
  void (*attention_backward)(const AttentionShape& s, int64_t head, const T* qkv, const bool* real, const int64_t* positions,
                             const float* lse, const T* g, T* dqkv);
  // The newest queries of one head over its cache.
  void (*attention_cached)(const CacheShape& s, const T* query, int64_t query_stride, const T* keys, const T* values, T* out, int64_t out_stride);
  // Turns heads [heads, Dh] of one token by its angles, in place.
  void (*rotate)(T* x, int64_t heads, int64_t width, int64_t half, const float* cosines, const float* sines);
};

const Kernels<float>& kernels_v3(float);
const Kernels<float>& kernels_v4(float);
const Kernels<Half16>& kernels_v3(Half16);
const Kernels<Half16>& kernels_v4(Half16);

}  // namespace vectors
