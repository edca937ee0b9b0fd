#include "product.h"
#include "transpose.h"

#include <algorithm>
#include <cstring>

namespace products {
namespace {

#if defined(__AVX512F__)
constexpr int64_t kLanes = 16, kDown = 8;
#else
constexpr int64_t kLanes = 8, kDown = 6;
#endif
constexpr int64_t kAcross = 2, kWidth = kAcross * kLanes;
typedef float Lanes __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

inline Lanes load(const float* p) { return *reinterpret_cast<const Lanes*>(p); }

// c [M, kWidth] = start + a [M, depth]·panel [depth, kWidth], with c in registers; without a start it is c itself.
template <int M>
void tile(const float* a, int64_t ai, int64_t ak, const float* panel, int64_t depth, const Start* start, float* c, int64_t ldc) {
  Lanes sums[M][kAcross];
  const float* from = start ? start->residual : c;
  const int64_t ldf = start ? start->residual_stride : ldc;
#pragma GCC unroll 8
  for (int i = 0; i < M; i++)
#pragma GCC unroll 8
    for (int j = 0; j < kAcross; j++) sums[i][j] = from ? load(from + i * ldf + j * kLanes) : Lanes{};
  if (start && start->bias) {
#pragma GCC unroll 8
    for (int i = 0; i < M; i++)
#pragma GCC unroll 8
      for (int j = 0; j < kAcross; j++) sums[i][j] += load(start->bias + j * kLanes);
  }
  for (int64_t k = 0; k < depth; k++, panel += kWidth) {
    Lanes row[kAcross];
#pragma GCC unroll 8
    for (int j = 0; j < kAcross; j++) row[j] = load(panel + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < M; i++) {
      const Lanes x = a[i * ai + k * ak] - Lanes{};
#pragma GCC unroll 8
      for (int j = 0; j < kAcross; j++) sums[i][j] += x * row[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < M; i++)
#pragma GCC unroll 8
    for (int j = 0; j < kAcross; j++) *reinterpret_cast<Lanes*>(c + i * ldc + j * kLanes) = sums[i][j];
}

using Tile = void (*)(const float*, int64_t, int64_t, const float*, int64_t, const Start*, float*, int64_t);
constexpr Tile kTiles[] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>,
#if defined(__AVX512F__)
                           tile<7>, tile<8>
#endif
};

// A panel of this depth and the rows that meet it stay in the first cache.
constexpr int64_t kStep = 512;

// A tile whose columns end before a whole one does.
void edge(Tile tile, const float* a, int64_t ai, int64_t ak, const float* panel, int64_t depth, const Start* start, float* c, int64_t ldc, int64_t rows, int64_t width) {
  float room[kDown * kWidth] = {};
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < width; j++)
      room[r * kWidth + j] = !start ? c[r * ldc + j] : (start->residual ? start->residual[r * start->residual_stride + j] : 0.0f) + (start->bias ? start->bias[j] : 0.0f);
  tile(a, ai, ak, panel, depth, nullptr, room, kWidth);
  for (int64_t r = 0; r < rows; r++) std::memcpy(c + r * ldc, room + r * kWidth, width * sizeof(float));
}

void multiply(const Strips& a, const float* panels, int64_t panel_stride, const Start* start, float* c, int64_t c_stride, int64_t columns) {
  const int64_t steps = (a.depth + kStep - 1) / kStep, step = (a.depth + steps - 1) / steps;
  for (int64_t k = 0; k < a.depth; k += step) {
    const int64_t depth = std::min(step, a.depth - k);
    for (int64_t j = 0; j < columns; j += kWidth) {
      const int64_t width = std::min(kWidth, columns - j);
      const float* panel = panels + j / kWidth * panel_stride + k * kWidth;
      for (int64_t i = 0; i < a.rows; i += kDown) {
        const int64_t rows = std::min(kDown, a.rows - i);
        const float* left = a.data + i * a.tile_stride + k * a.column_stride;
        float* to = c + i * c_stride + j;
        const Start here = start ? at(*start, i, j) : Start{};
        const Start* from = start && k == 0 ? &here : nullptr;
        if (width == kWidth) kTiles[rows](left, a.row_stride, a.column_stride, panel, depth, from, to, c_stride);
        else edge(kTiles[rows], left, a.row_stride, a.column_stride, panel, depth, from, to, c_stride, rows, width);
      }
    }
  }
}

// Rows of memory at a time: few enough that their lines stay in the first cache until the next strip or panel wants its part.
constexpr int64_t kRun = 8;

void pack_strips(const Matrix& a, int64_t depth, float* strips) {
  for (int64_t k = 0; k < a.columns; k += kRun) {
    const int64_t end = std::min(a.columns, k + kRun);
    for (int64_t i = 0; i < a.rows; i += kDown) {
      const int64_t rows = std::min(kDown, a.rows - i);
      float* strip = strips + i * depth;
      if (rows == kDown && a.row_stride == 1) {
        for (int64_t q = k; q < end; q++) std::memcpy(strip + q * kDown, a.at(i, q), kDown * sizeof(float));
      } else {
        for (int64_t q = k; q < end; q++)
          for (int64_t r = 0; r < rows; r++) strip[q * kDown + r] = *a.at(i + r, q);
      }
    }
  }
}

void pack_panels(const Matrix& b, int64_t depth, float* panels) {
  // Where columns are rows in memory, a panel's are read to their end.
  const int64_t run = b.column_stride == 1 ? kRun : b.rows;
  for (int64_t k = 0; k < b.rows; k += run) {
    const int64_t end = std::min(b.rows, k + run);
    for (int64_t j = 0; j < b.columns; j += kWidth) {
      const int64_t width = std::min(kWidth, b.columns - j);
      float* panel = panels + j * depth;
      if (width == kWidth && b.column_stride == 1) {
        for (int64_t q = k; q < end; q++) std::memcpy(panel + q * kWidth, b.at(q, j), kWidth * sizeof(float));
        continue;
      }
      if (width < kWidth) std::memset(panel + k * kWidth, 0, (end - k) * kWidth * sizeof(float));
      const int64_t squares = width == kWidth && b.row_stride == 1 ? (end - k) / 4 * 4 : 0;
      transpose(b.at(k, j), b.column_stride, panel + k * kWidth, kWidth, kWidth, squares);
      for (int64_t q = k + squares; q < end; q++)
        for (int64_t c = 0; c < width; c++) panel[q * kWidth + c] = *b.at(q, j + c);
    }
  }
}

constexpr Kernels kKernels{kDown, kWidth, pack_panels, pack_strips, multiply};

}  // namespace

#if defined(__AVX512F__)
const Kernels& kernels_v4() { return kKernels; }
#else
const Kernels& kernels_v3() { return kKernels; }
#endif

}  // namespace products
