#include "inverse.h"
#include "wide.h"
#include "functions.h"

WEIR_WIDE void weir_rows_sum(const double *matrix, int64_t stride, int64_t width,
                             const int32_t *indices, const double *values, int64_t count,
                             double *out) {
  int64_t j = 0;
  // Sixteen sums at a time stay in registers.
  for (; j + 16 <= width; j += 16) {
    four a = {0}, b = {0}, c = {0}, d = {0};
    for (int64_t k = 0; k < count; k++) {
      const double *row = matrix + indices[k] * stride + j;
      a += values[k] * FROM(row, 0);
      b += values[k] * FROM(row, 4);
      c += values[k] * FROM(row, 8);
      d += values[k] * FROM(row, 12);
    }
    AT(out, j) = a;
    AT(out, j + 4) = b;
    AT(out, j + 8) = c;
    AT(out, j + 12) = d;
  }
  for (; j + 4 <= width; j += 4) {
    four a = {0};
    for (int64_t k = 0; k < count; k++) a += values[k] * FROM(matrix + indices[k] * stride, j);
    AT(out, j) = a;
  }
  for (; j < width; j++) {
    double a = 0;
    for (int64_t k = 0; k < count; k++) a += values[k] * matrix[indices[k] * stride + j];
    out[j] = a;
  }
}

WEIR_WIDE void weir_subtract_square(double *matrix, int64_t stride, int64_t width,
                                    const double *v) {
  for (int64_t i = 0; i < width; i++) {
    double *row = matrix + i * stride;
    const double own = v[i];
    int64_t j = 0;
    for (; j + 4 <= width; j += 4) AT(row, j) -= own * FROM(v, j);
    for (; j < width; j++) row[j] -= own * v[j];
  }
}
