// Matrix products in float32 on the CPU. Every element is one chain of fused multiply-adds in the order of k, whatever
// the sizes, the number of threads and the instruction set: a row's product never depends on the rows beside it.
#pragma once
#include <cstdint>

namespace products {

struct Matrix {
  const float* data;
  int64_t rows, columns, row_stride, column_stride;
  const float* at(int64_t i, int64_t j) const { return data + i * row_stride + j * column_stride; }
};

// The left matrix as tiles see it: the first row of tile i / down begins at data + i · tile_stride.
struct Strips {
  const float* data;
  int64_t rows, depth, tile_stride, row_stride, column_stride;
};

// What a product is added to: a bias of one row, a residual as tall as the product, both or neither.
struct Start {
  const float *bias, *residual;
  int64_t residual_stride;
};

// The part of a start that belongs to a product's rows i … and columns j ….
inline Start at(const Start& start, int64_t i, int64_t j) {
  return {start.bias ? start.bias + j : nullptr, start.residual ? start.residual + i * start.residual_stride + j : nullptr, start.residual_stride};
}

struct Kernels {
  int64_t down, across;  // rows and columns of a tile
  // b in panels of `across` columns, zero where b has no more: panel j / across begins at j · depth, which is b.rows, or
  // more where b is a part of what the panels hold.
  void (*pack_panels)(const Matrix& b, int64_t depth, float* panels);
  // a in strips of `down` rows, one column after the other: strip i / down begins at i · depth.
  void (*pack_strips)(const Matrix& a, int64_t depth, float* strips);
  // c [a.rows, columns] = start + a·panels, or c + a·panels where there is no start; panel p begins at panels + p·panel_stride.
  void (*multiply)(const Strips& a, const float* panels, int64_t panel_stride, const Start* start, float* c, int64_t c_stride, int64_t columns);
};

const Kernels& kernels_v3();
const Kernels& kernels_v4();

}  // namespace products
