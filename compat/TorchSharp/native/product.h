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

struct Kernels {
  int64_t across;  // columns of a panel
  // Columns `first` … of b as a panel [b.rows, across], zero where b has no more columns.
  void (*pack)(const Matrix& b, int64_t first, float* panel);
  // c [a.rows, columns] = a·panels, or += where `add`; panel p begins at panels + p·panel_stride.
  void (*multiply)(const Matrix& a, const float* panels, int64_t panel_stride, float* c, int64_t c_stride, int64_t columns, bool add);
};

const Kernels& kernels_v3();
const Kernels& kernels_v4();

}  // namespace products
