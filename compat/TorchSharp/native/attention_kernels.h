// Causal attention of one key-value head: small products kept in the cache, scores never in memory at full size.
#pragma once
#include "lanes.h"

#include <cmath>
#include <vector>

namespace vectors {
namespace {

constexpr int64_t kBlock = 32;  // queries at a time
#if defined(__AVX512F__)
constexpr int kAcross = 4;
#else
constexpr int kAcross = 2;
#endif

inline int64_t padded(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// Room for floats, aligned to a register and kept by the thread from call to call.
class Workspace {
 public:
  explicit Workspace(int64_t floats) {
    static thread_local std::vector<float> kept;
    if (kept.size() < static_cast<size_t>(floats + kLanes)) kept.resize(floats + kLanes);
    next_ = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(kept.data()) + kLanes * 4 - 1) / (kLanes * 4) * (kLanes * 4));
  }
  float* take(int64_t floats) {
    float* p = next_;
    next_ += padded(floats);
    return p;
  }

 private:
  float* next_;
};

// A tile of C = A·B (+ C): A's elements are taken one by one at any strides, B's and C's rows are whole registers.
template <int M, int N>
inline void tile(const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb, float* c, int64_t ldc, int64_t depth, bool add) {
  Lanes acc[M][N];
#pragma GCC unroll 8
  for (int i = 0; i < M; i++)
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) acc[i][j] = add ? load(c + i * ldc + j * kLanes) : Lanes{};
  for (int64_t k = 0; k < depth; k++) {
    Lanes row[N];
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) row[j] = load(b + k * ldb + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < M; i++) {
      const Lanes x = all(a[i * ai + k * ak]);
#pragma GCC unroll 8
      for (int j = 0; j < N; j++) acc[i][j] += x * row[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < M; i++)
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) store(c + i * ldc + j * kLanes, acc[i][j]);
}

template <int N>
inline void strip(const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb, float* c, int64_t ldc, int64_t rows, int64_t depth, bool add) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) tile<4, N>(a + i * ai, ai, ak, b, ldb, c + i * ldc, ldc, depth, add);
  for (; i < rows; i++) tile<1, N>(a + i * ai, ai, ak, b, ldb, c + i * ldc, ldc, depth, add);
}

// C [rows, columns] = A·B (+ C); columns a multiple of a register.
inline void multiply(const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb, float* c, int64_t ldc, int64_t rows, int64_t columns, int64_t depth, bool add) {
  int64_t j = 0;
  for (; j + kAcross * kLanes <= columns; j += kAcross * kLanes) strip<kAcross>(a, ai, ak, b + j, ldb, c + j, ldc, rows, depth, add);
  for (; j < columns; j += kLanes) strip<1>(a, ai, ak, b + j, ldb, c + j, ldc, rows, depth, add);
}

// to[k·ld + r] = from[r·width + k]
inline void transpose(const float* from, int64_t ldf, float* to, int64_t ldt, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t k = 0; k < width; k++) to[k * ldt + r] = from[r * ldf + k];
}

template <class T> void rotate(T* x, int64_t heads, int64_t width, int64_t half, const float* cosines, const float* sines) {
  for (int64_t h = 0; h < heads; h++, x += width)
    each(half, [&](int64_t i, auto at) {
      const Lanes a = at.get(x + i), b = at.get(x + half + i), c = at.get(cosines + i), s = at.get(sines + i);
      at.put(x + i, a * c - b * s);
      at.put(x + half + i, b * c + a * s);
    });
}

// Rows of one head as floats, turned by their angles, times a factor; what pads a row is 0.
template <class T>
inline void gather(const AttentionShape& s, const T* x, int64_t stride, const int64_t* positions, int64_t first, int64_t rows, bool turn, float factor, float* to, int64_t ld) {
  for (int64_t r = 0; r < rows; r++, x += stride, to += ld) {
    for (int64_t k = padded(s.width) - kLanes; k < ld; k++) to[k] = 0;
    each(s.width, [&](int64_t i, auto at) { at.put(to + i, at.get(x + i) * factor); });
    const int64_t position = positions ? positions[first + r] : first + r;
    if (turn && s.half) rotate(to, 1, s.width, s.half, s.cosines + position * s.half, s.sines + position * s.half);
  }
}

// The way back: turned against their angles.
template <class T>
inline void scatter(const AttentionShape& s, float* from, int64_t ld, const int64_t* positions, int64_t first, int64_t rows, bool turn, float factor, T* x, int64_t stride) {
  for (int64_t r = 0; r < rows; r++, x += stride, from += ld) {
    if (turn && s.half) {
      const int64_t position = positions ? positions[first + r] : first + r;
      const float *cosines = s.cosines + position * s.half, *sines = s.sines + position * s.half;
      each(s.half, [&](int64_t i, auto at) {
        const Lanes a = at.get(from + i), b = at.get(from + s.half + i), c = at.get(cosines + i), d = at.get(sines + i);
        at.put(from + i, a * c + b * d);
        at.put(from + s.half + i, b * c - a * d);
      });
    }
    each(s.width, [&](int64_t i, auto at) { at.put(x + i, at.get(from + i) * factor); });
  }
}

// Whether query i sees key j ≤ i.
inline bool sees(const AttentionShape& s, const bool* real, const int64_t* positions, int64_t i, int64_t j) {
  if (i == j) return true;
  if (real && !real[j]) return false;
  return !s.window || (positions ? positions[i] - positions[j] : i - j) < s.window;
}

// Scores of rows first … first + rows become −∞ where a query may not look; columns beyond the last key too.
inline void hide(const AttentionShape& s, const bool* real, const int64_t* positions, float* scores, int64_t ld, int64_t first, int64_t rows, int64_t columns) {
  const bool all_seen = !real && !s.window;
  for (int64_t r = 0; r < rows; r++, scores += ld) {
    const int64_t i = first + r;
    if (!all_seen) for (int64_t j = 0; j < i; j++) if (!sees(s, real, positions, i, j)) scores[j] = -INFINITY;
    for (int64_t j = i + 1; j < columns; j++) scores[j] = -INFINITY;
  }
}

template <class T>
void attention(const AttentionShape& s, int64_t head, const T* qkv, const bool* real, const int64_t* positions, T* out, float* lse) {
  const int64_t stride = (s.heads + 2 * s.shared) * s.width, group = s.heads / s.shared, ld = padded(s.width), keys_ld = padded(s.length);
  Workspace room(keys_ld * ld * 3 + kBlock * (keys_ld + 2 * ld) + 8 * kLanes);
  float *keys = room.take(s.length * ld), *turned = room.take(s.width * keys_ld), *values = room.take(s.length * ld);
  float *query = room.take(kBlock * ld), *scores = room.take(kBlock * keys_ld), *mixed = room.take(kBlock * ld);
  gather(s, qkv + (s.heads + head) * s.width, stride, positions, 0, s.length, true, 1.0f, keys, ld);
  gather(s, qkv + (s.heads + s.shared + head) * s.width, stride, positions, 0, s.length, false, 1.0f, values, ld);
  for (int64_t k = 0; k < s.width; k++) for (int64_t j = s.length; j < keys_ld; j++) turned[k * keys_ld + j] = 0;
  transpose(keys, ld, turned, keys_ld, s.length, s.width);
  for (int64_t h = head * group; h < (head + 1) * group; h++) {
    for (int64_t first = 0; first < s.length; first += kBlock) {
      const int64_t rows = s.length - first < kBlock ? s.length - first : kBlock, columns = padded(first + rows);
      gather(s, qkv + first * stride + h * s.width, stride, positions, first, rows, true, s.scale, query, ld);
      multiply(query, ld, 1, turned, keys_ld, scores, keys_ld, rows, columns, s.width, false);
      hide(s, real, positions, scores, keys_ld, first, rows, columns);
      for (int64_t r = 0; r < rows; r++) {
        float* row = scores + r * keys_ld;
        Lanes top = all(-INFINITY), total{};
        for (int64_t j = 0; j < columns; j += kLanes) top = larger(top, load(row + j));
        const float peak = most(top);
        for (int64_t j = 0; j < columns; j += kLanes) {
          const Lanes e = exp(load(row + j) - peak);
          total += e;
          store(row + j, e);
        }
        const float weight = sum(total), inverse = 1.0f / weight;
        for (int64_t j = 0; j < columns; j += kLanes) store(row + j, load(row + j) * inverse);
        if (lse) lse[h * s.length + first + r] = peak + std::log(weight);
      }
      multiply(scores, keys_ld, 1, values, ld, mixed, ld, rows, ld, first + rows, false);
      for (int64_t r = 0; r < rows; r++) each(s.width, [&](int64_t i, auto at) { at.put(out + (first + r) * s.heads * s.width + h * s.width + i, at.get(mixed + r * ld + i)); });
    }
  }
}

template <class T>
void attention_backward(const AttentionShape& s, int64_t head, const T* qkv, const bool* real, const int64_t* positions, const T* out, const float* lse, const T* g, T* dqkv) {
  const int64_t stride = (s.heads + 2 * s.shared) * s.width, group = s.heads / s.shared, ld = padded(s.width), keys_ld = padded(s.length), rows_out = s.heads * s.width;
  Workspace room(keys_ld * ld * 6 + kBlock * (2 * keys_ld + 4 * ld) + 16 * kLanes);
  float *keys = room.take(s.length * ld), *turned_keys = room.take(s.width * keys_ld), *values = room.take(s.length * ld), *turned_values = room.take(s.width * keys_ld);
  float *dkeys = room.take(s.length * ld), *dvalues = room.take(s.length * ld);
  float *query = room.take(kBlock * ld), *dout = room.take(kBlock * ld), *dquery = room.take(kBlock * ld), *weights = room.take(kBlock * keys_ld), *dscores = room.take(kBlock * keys_ld);
  gather(s, qkv + (s.heads + head) * s.width, stride, positions, 0, s.length, true, 1.0f, keys, ld);
  gather(s, qkv + (s.heads + s.shared + head) * s.width, stride, positions, 0, s.length, false, 1.0f, values, ld);
  for (int64_t k = 0; k < s.width; k++) for (int64_t j = s.length; j < keys_ld; j++) turned_keys[k * keys_ld + j] = turned_values[k * keys_ld + j] = 0;
  transpose(keys, ld, turned_keys, keys_ld, s.length, s.width);
  transpose(values, ld, turned_values, keys_ld, s.length, s.width);
  std::memset(dkeys, 0, s.length * ld * sizeof(float));
  std::memset(dvalues, 0, s.length * ld * sizeof(float));
  for (int64_t h = head * group; h < (head + 1) * group; h++) {
    for (int64_t first = 0; first < s.length; first += kBlock) {
      const int64_t rows = s.length - first < kBlock ? s.length - first : kBlock, seen = first + rows, columns = padded(seen);
      gather(s, qkv + first * stride + h * s.width, stride, positions, first, rows, true, s.scale, query, ld);
      gather(s, g + first * rows_out + h * s.width, rows_out, positions, first, rows, false, 1.0f, dout, ld);
      multiply(query, ld, 1, turned_keys, keys_ld, weights, keys_ld, rows, columns, s.width, false);
      hide(s, real, positions, weights, keys_ld, first, rows, columns);
      multiply(dout, ld, 1, turned_values, keys_ld, dscores, keys_ld, rows, columns, s.width, false);
      for (int64_t r = 0; r < rows; r++) {
        Lanes dot{};
        const T* y = out + (first + r) * rows_out + h * s.width;
        each(s.width, [&](int64_t i, auto at) { dot += at.get(y + i) * at.get(dout + r * ld + i); });
        const float delta = sum(dot), shift = lse[h * s.length + first + r];
        for (int64_t j = 0; j < columns; j += kLanes) {
          const Lanes p = exp(load(weights + r * keys_ld + j) - shift);
          store(weights + r * keys_ld + j, p);
          store(dscores + r * keys_ld + j, p * (load(dscores + r * keys_ld + j) - delta));
        }
      }
      multiply(weights, 1, keys_ld, dout, ld, dvalues, ld, seen, ld, rows, true);
      multiply(dscores, 1, keys_ld, query, ld, dkeys, ld, seen, ld, rows, true);
      multiply(dscores, keys_ld, 1, keys, ld, dquery, ld, rows, ld, seen, false);
      scatter(s, dquery, ld, positions, first, rows, true, s.scale, dqkv + first * stride + h * s.width, stride);
    }
  }
  scatter(s, dkeys, ld, positions, 0, s.length, true, 1.0f, dqkv + (s.heads + head) * s.width, stride);
  scatter(s, dvalues, ld, positions, 0, s.length, false, 1.0f, dqkv + (s.heads + s.shared + head) * s.width, stride);
}

template <class T>
void attention_cached(const CacheShape& s, const T* query, int64_t query_stride, const T* keys, const T* values, T* out, int64_t out_stride) {
  const int64_t ld = padded(s.width);
  Workspace room(padded(s.first + s.queries) + 2 * ld + 4 * kLanes);
  float *scores = room.take(s.first + s.queries), *q = room.take(ld), *mixed = room.take(ld);
  for (int64_t n = 0; n < s.queries; n++, query += query_stride, out += out_stride) {
    const int64_t own = s.first + n, oldest = s.window && own >= s.window ? own - s.window + 1 : 0, seen = own + 1 - oldest;
    const T *k = keys + oldest * s.width, *v = values + oldest * s.width;
    each(s.width, [&](int64_t i, auto at) { at.put(q + i, at.get(query + i) * s.scale); });
    float peak = -INFINITY;
    for (int64_t j = 0; j < seen; j++, k += s.width) {
      Lanes dot{};
      each(s.width, [&](int64_t i, auto at) { dot += at.get(k + i) * at.get(q + i); });
      scores[j] = sum(dot);
      peak = scores[j] > peak ? scores[j] : peak;
    }
    Lanes total{};
    each(seen, [&](int64_t j, auto at) {
      const Lanes e = at.keep(exp(at.get(scores + j) - peak));
      total += e;
      at.put(scores + j, e);
    });
    const float inverse = 1.0f / sum(total);
    std::memset(mixed, 0, ld * sizeof(float));
    for (int64_t j = 0; j < seen; j++, v += s.width) {
      const float p = scores[j];
      each(s.width, [&](int64_t i, auto at) { at.put(mixed + i, at.get(mixed + i) + at.get(v + i) * p); });
    }
    each(s.width, [&](int64_t i, auto at) { at.put(out + i, at.get(mixed + i) * inverse); });
  }
}

}  // namespace
}  // namespace vectors
