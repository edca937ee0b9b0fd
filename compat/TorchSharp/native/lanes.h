// One machine register of floats, and how it is loaded, stored and raised to a power.
#pragma once
#include "vectors.h"

#include <cstring>

namespace vectors {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif
typedef float Lanes __attribute__((vector_size(kLanes * 4)));
typedef int32_t IntLanes __attribute__((vector_size(kLanes * 4)));
typedef uint16_t HalfLanes __attribute__((vector_size(kLanes * 2)));
typedef float LanesAnywhere __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef uint16_t HalfLanesAnywhere __attribute__((vector_size(kLanes * 2), aligned(2), may_alias));

inline Lanes all(float x) { return x - Lanes{}; }

inline float widen(float x) { return x; }
inline float widen(Half16 x) {
  uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float y;
  std::memcpy(&y, &bits, 4);
  return y;
}
inline void narrow(float x, float& y) { y = x; }
inline void narrow(float x, Half16& y) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  y.bits = static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);  // to nearest, ties to even
}

inline Lanes load(const float* p) { return *reinterpret_cast<const LanesAnywhere*>(p); }
inline Lanes load(const Half16* p) {
  IntLanes bits = __builtin_convertvector(*reinterpret_cast<const HalfLanesAnywhere*>(p), IntLanes) << 16;
  return (Lanes)bits;
}
inline void store(float* p, Lanes x) { *reinterpret_cast<LanesAnywhere*>(p) = x; }
inline void store(Half16* p, Lanes x) {
  IntLanes bits = (IntLanes)x;
  bits = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  *reinterpret_cast<HalfLanesAnywhere*>(p) = __builtin_convertvector(bits, HalfLanes);
}
template <class T> inline Lanes load_some(const T* p, int64_t n) {
  T room[kLanes] = {};
  std::memcpy(room, p, n * sizeof(T));
  return load(room);
}
template <class T> inline void store_some(T* p, Lanes x, int64_t n) {
  T room[kLanes];
  store(room, x);
  std::memcpy(p, room, n * sizeof(T));
}

// f(i, load, store) for each register's worth of 0 … n, the last one partial.
struct Whole {
  template <class T> Lanes get(const T* p) const { return load(p); }
  template <class T> void put(T* p, Lanes x) const { store(p, x); }
  Lanes keep(Lanes x) const { return x; }
};
struct Part {
  int64_t n;
  template <class T> Lanes get(const T* p) const { return load_some(p, n); }
  template <class T> void put(T* p, Lanes x) const { store_some(p, x, n); }
  Lanes keep(Lanes x) const {  // zero beyond the end
    for (int i = 0; i < kLanes; i++) if (i >= n) x[i] = 0;
    return x;
  }
};
template <class F> inline void each(int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) f(i, Whole());
  if (i < n) f(i, Part{n - i});
}

// The four quarters or eighths are folded first: a chain of sixteen additions would take as long as the row.
typedef float Quad __attribute__((vector_size(16)));
template <class F> inline float fold(Lanes x, F f) {
  union { Lanes lanes; Quad quads[kLanes / 4]; } u{x};
  Quad q = u.quads[0];
  for (int i = 1; i < kLanes / 4; i++) q = f(q, u.quads[i]);
  const Quad pairs = f(q, Quad{q[2], q[3], q[0], q[1]}), one = f(pairs, Quad{pairs[1], pairs[0], pairs[3], pairs[2]});
  return one[0];
}
inline float sum(Lanes x) { return fold(x, [](Quad a, Quad b) { return a + b; }); }
inline float most(Lanes x) { return fold(x, [](Quad a, Quad b) { return a > b ? a : b; }); }
inline Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }

// eˣ to about 1e-7 of itself: 2ⁿ·p(r) with x = n·ln 2 + r (the polynomial is that of Cephes); 0 below −87.
inline Lanes exp(Lanes x) {
  Lanes bounded = x > 88.0f ? all(88.0f) : x;
  bounded = bounded < -87.0f ? all(-87.0f) : bounded;
  Lanes n = (bounded * 1.44269504088896341f + 12582912.0f) - 12582912.0f;  // nearest whole number
  Lanes r = bounded - n * 0.693359375f + n * 2.12194440e-4f;
  Lanes p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  IntLanes power = (__builtin_convertvector(n, IntLanes) + 127) << 23;
  p = p * (Lanes)power;
  return x < -87.0f ? Lanes{} : p;
}

}  // namespace
}  // namespace vectors
