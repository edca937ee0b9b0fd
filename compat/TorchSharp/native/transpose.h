// Rows become columns, in registers.
#pragma once
#include <cstdint>

namespace {

// to[k·ldt + r] = from[r·ldf + k], in squares of four: rows and width are rounded up to whole ones.
inline void transpose(const float* from, int64_t ldf, float* to, int64_t ldt, int64_t rows, int64_t width) {
  typedef float Four __attribute__((vector_size(16), aligned(4), may_alias));
  typedef int32_t Order __attribute__((vector_size(16)));
  constexpr Order low{0, 4, 1, 5}, high{2, 6, 3, 7};
  for (int64_t r = 0; r < rows; r += 4)
    for (int64_t k = 0; k < width; k += 4) {
      const float* x = from + r * ldf + k;
      float* y = to + k * ldt + r;
      auto in = [&](int64_t i) { return *reinterpret_cast<const Four*>(x + i * ldf); };
      auto out = [&](int64_t i) -> Four& { return *reinterpret_cast<Four*>(y + i * ldt); };
      const Four a = in(0), b = in(1), c = in(2), d = in(3);
      const Four even = __builtin_shuffle(a, c, low), odd = __builtin_shuffle(b, d, low), even2 = __builtin_shuffle(a, c, high), odd2 = __builtin_shuffle(b, d, high);
      out(0) = __builtin_shuffle(even, odd, low);
      out(1) = __builtin_shuffle(even, odd, high);
      out(2) = __builtin_shuffle(even2, odd2, low);
      out(3) = __builtin_shuffle(even2, odd2, high);
    }
}

}  // namespace
