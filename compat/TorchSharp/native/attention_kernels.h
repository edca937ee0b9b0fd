// Causal attention of one key-value head: small products kept in the cache, scores never in memory at full size.
#pragma once
#include "lanes.h"
#include "transpose.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace vectors {
namespace {

constexpr int64_t kBlock = 32;                  // queries at a time
constexpr int64_t kAhead = 16;                  // rows fetched early: they lie too far apart for the processor to guess
constexpr int kDown = kLanes / 2, kAcross = 2;  // rows and registers of a tile: half of what the processor has

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

// The part of a product's depth that is not all zeros.
struct Span { int64_t from, to; };

// A tile of C = A·B (+ C): A's elements are taken one by one at any strides, B's and C's rows are whole registers.
template <int N>
inline void tile(const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb, float* c, int64_t ldc, Span depth, bool add) {
  Lanes acc[kDown][N];
#pragma GCC unroll 8
  for (int i = 0; i < kDown; i++)
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) acc[i][j] = add ? load(c + i * ldc + j * kLanes) : Lanes{};
  for (int64_t k = depth.from; k < depth.to; k++) {
    Lanes row[N];
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) row[j] = load(b + k * ldb + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kDown; i++) {
      const Lanes x = all(a[i * ai + k * ak]);
#pragma GCC unroll 8
      for (int j = 0; j < N; j++) acc[i][j] += x * row[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kDown; i++)
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) store(c + i * ldc + j * kLanes, acc[i][j]);
}

// C [rows, columns] = A·B (+ C), span(i, j) being the depth of the tile there: whole tiles of rows, whole registers of columns.
template <class F>
inline void multiply(const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb, float* c, int64_t ldc, int64_t rows, int64_t columns, bool add, F span) {
  int64_t j = 0;
  for (; j + kAcross * kLanes <= columns; j += kAcross * kLanes)
    for (int64_t i = 0; i < rows; i += kDown) tile<kAcross>(a + i * ai, ai, ak, b + j, ldb, c + i * ldc + j, ldc, span(i, j), add);
  for (; j < columns; j += kLanes)
    for (int64_t i = 0; i < rows; i += kDown) tile<1>(a + i * ai, ai, ak, b + j, ldb, c + i * ldc + j, ldc, span(i, j), add);
}

template <class T> void rotate(T* x, int64_t heads, int64_t width, int64_t half, const float* cosines, const float* sines) {
  for (int64_t h = 0; h < heads; h++, x += width)
    each(half, [&](int64_t i, auto at) {
      const Lanes a = at.get(x + i), b = at.get(x + half + i), c = at.get(cosines + i), s = at.get(sines + i);
      at.put(x + i, a * c - b * s);
      at.put(x + half + i, b * c + a * s);
    });
}

// Rows of one head as floats, turned by their angles, times a factor.
template <class T>
inline void gather(const AttentionShape& s, const T* x, int64_t stride, const int64_t* positions, int64_t first, int64_t rows, bool turn, float factor, float* to, int64_t ld) {
  for (int64_t r = 0; r < rows; r++, x += stride, to += ld) {
    for (int64_t i = 0; i < s.width; i += 64 / sizeof(T)) __builtin_prefetch(x + kAhead * stride + i);
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

// Which of a register's queries see a key: it is not later, real and within the window, or their own.
struct Sight {
  const bool* real;
  const int64_t* positions;
  int64_t first;
  int32_t window;
  IntLanes query, position;
  Sight(const AttentionShape& s, const bool* real, const int64_t* positions, int64_t first)
      : real(real), positions(positions), first(first), window(s.window < INT32_MAX ? s.window : INT32_MAX) {
    for (int i = 0; i < kLanes; i++) {
      query[i] = first + i;
      position[i] = positions && first + i < s.length ? positions[first + i] : first + i;
    }
  }
  // Scores of key j, −∞ where a query may not look.
  Lanes operator()(Lanes scores, int64_t j) const {
    if (j < first && !real && !window) return scores;
    const int32_t key = j;
    IntLanes hidden = real && !real[j] ? query != key : query < key;
    if (window) hidden |= (query != key) & (position - static_cast<int32_t>(positions ? positions[j] : j) >= window);
    return hidden ? all(-INFINITY) : scores;
  }
};

// The queries of one pass: rows of them from the first on, and the keys before seen.
struct Block {
  int64_t first, rows, seen;
  Block(const AttentionShape& s, int64_t first) : first(first), rows(std::min(kBlock, s.length - first)), seen(first + rows) {}
  // Where the keys end that n queries see.
  int64_t end(int64_t query, int64_t n) const { return std::min(seen, first + query + n); }
};

// Scores stand with keys down and queries across, so that a softmax stays in its lane.
template <class T>
void attention(const AttentionShape& s, int64_t head, const T* qkv, const bool* real, const int64_t* positions, T* out, float* lse) {
  const int64_t stride = (s.heads + 2 * s.shared) * s.width, group = s.heads / s.shared, ld = padded(s.width), tall = padded(s.length), rows_out = s.heads * s.width;
  Workspace room(tall * (2 * ld + kBlock) + kBlock * (3 * ld + 1));
  float *keys = room.take(tall * ld), *values = room.take(tall * ld), *scores = room.take(tall * kBlock);
  float *query = room.take(kBlock * ld), *turned = room.take(kBlock * ld), *mixed = room.take(kBlock * ld), *inverse = room.take(kBlock);
  gather(s, qkv + (s.heads + head) * s.width, stride, positions, 0, s.length, true, 1.0f, keys, ld);
  gather(s, qkv + (s.heads + s.shared + head) * s.width, stride, positions, 0, s.length, false, 1.0f, values, ld);
  for (int64_t h = head * group; h < (head + 1) * group; h++) {
    for (int64_t first = 0; first < s.length; first += kBlock) {
      const Block block(s, first);
      const auto across = [&](int64_t key, int64_t query) { return Span{0, key < block.end(query, kAcross * kLanes) ? s.width : 0}; };
      const auto keys_of = [&](int64_t query, int64_t) { return Span{0, block.end(query, kDown)}; };
      gather(s, qkv + first * stride + h * s.width, stride, positions, first, block.rows, true, s.scale, query, ld);
      transpose(query, ld, turned, kBlock, block.rows, s.width);
      multiply(keys, ld, 1, turned, kBlock, scores, kBlock, block.seen, padded(block.rows), false, across);
      for (int64_t c = 0; c < block.rows; c += kLanes) {
        const Sight sight(s, real, positions, first + c);
        const int64_t end = block.end(c, kLanes);
        float* column = scores + c;
        Lanes peak = all(-INFINITY), total{};
        for (int64_t j = 0; j < end; j++) {
          const Lanes x = sight(load(column + j * kBlock), j);
          store(column + j * kBlock, x);
          peak = larger(peak, x);
        }
        for (int64_t j = 0; j < end; j++) {
          const Lanes e = exp(load(column + j * kBlock) - peak);
          store(column + j * kBlock, e);
          total += e;
        }
        store(inverse + c, 1.0f / total);
        if (lse) for (int64_t i = 0; i < kLanes && c + i < block.rows; i++) lse[h * s.length + first + c + i] = peak[i] + std::log(total[i]);
      }
      multiply(scores, 1, kBlock, values, ld, mixed, ld, block.rows, ld, false, keys_of);
      for (int64_t r = 0; r < block.rows; r++)
        each(s.width, [&](int64_t i, auto at) { at.put(out + (first + r) * rows_out + h * s.width + i, at.get(mixed + r * ld + i) * inverse[r]); });
    }
  }
}

template <class T>
void attention_backward(const AttentionShape& s, int64_t head, const T* qkv, const bool* real, const int64_t* positions, const float* lse, const T* g, T* dqkv) {
  const int64_t stride = (s.heads + 2 * s.shared) * s.width, group = s.heads / s.shared, ld = padded(s.width), tall = padded(s.length), rows_out = s.heads * s.width;
  Workspace room(tall * (4 * ld + 2 * kBlock) + kBlock * 5 * ld);
  float *keys = room.take(tall * ld), *values = room.take(tall * ld), *dkeys = room.take(tall * ld), *dvalues = room.take(tall * ld);
  float *weights = room.take(tall * kBlock), *dscores = room.take(tall * kBlock);
  float *query = room.take(kBlock * ld), *dout = room.take(kBlock * ld), *dquery = room.take(kBlock * ld), *turned_query = room.take(kBlock * ld), *turned_dout = room.take(kBlock * ld);
  gather(s, qkv + (s.heads + head) * s.width, stride, positions, 0, s.length, true, 1.0f, keys, ld);
  gather(s, qkv + (s.heads + s.shared + head) * s.width, stride, positions, 0, s.length, false, 1.0f, values, ld);
  std::memset(dkeys, 0, s.length * ld * sizeof(float));
  std::memset(dvalues, 0, s.length * ld * sizeof(float));
  for (int64_t h = head * group; h < (head + 1) * group; h++) {
    for (int64_t first = 0; first < s.length; first += kBlock) {
      const Block block(s, first);
      const auto across = [&](int64_t key, int64_t query) { return Span{0, key < block.end(query, kAcross * kLanes) ? s.width : 0}; };
      const auto keys_of = [&](int64_t query, int64_t) { return Span{0, block.end(query, kDown)}; };
      const auto queries_of = [&](int64_t key, int64_t) { return Span{std::max<int64_t>(0, key - first), block.rows}; };
      gather(s, qkv + first * stride + h * s.width, stride, positions, first, block.rows, true, s.scale, query, ld);
      gather(s, g + first * rows_out + h * s.width, rows_out, positions, first, block.rows, false, 1.0f, dout, ld);
      transpose(query, ld, turned_query, kBlock, block.rows, s.width);
      transpose(dout, ld, turned_dout, kBlock, block.rows, s.width);
      multiply(keys, ld, 1, turned_query, kBlock, weights, kBlock, block.seen, padded(block.rows), false, across);
      multiply(values, ld, 1, turned_dout, kBlock, dscores, kBlock, block.seen, padded(block.rows), false, across);
      for (int64_t c = 0; c < block.rows; c += kLanes) {
        const Sight sight(s, real, positions, first + c);
        const int64_t end = block.end(c, kLanes);
        const Lanes shift = load_some(lse + h * s.length + first + c, std::min<int64_t>(kLanes, block.rows - c));
        float *p = weights + c, *d = dscores + c;
        Lanes delta{};  // a query's Σ out·g, which is Σ p·dp
        for (int64_t j = 0; j < end; j++) {
          const Lanes e = exp(sight(load(p + j * kBlock), j) - shift);
          store(p + j * kBlock, e);
          delta += e * load(d + j * kBlock);
        }
        for (int64_t j = 0; j < end; j++) store(d + j * kBlock, load(p + j * kBlock) * (load(d + j * kBlock) - delta));
      }
      multiply(weights, kBlock, 1, dout, ld, dvalues, ld, block.seen, ld, true, queries_of);
      multiply(dscores, kBlock, 1, query, ld, dkeys, ld, block.seen, ld, true, queries_of);
      multiply(dscores, 1, kBlock, keys, ld, dquery, ld, block.rows, ld, false, keys_of);
      scatter(s, dquery, ld, positions, first, block.rows, true, s.scale, dqkv + first * stride + h * s.width, stride);
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
