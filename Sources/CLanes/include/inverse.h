#ifndef WEIR_INVERSE_H
#define WEIR_INVERSE_H

#include <stdint.h>

// The loops of `InverseGram` where it is narrow; `width` columns are in use of `stride`.

/// out ← Σ values[k]·(row indices[k] of the matrix), over `count` rows.
void weir_rows_sum(const double *matrix, int64_t stride, int64_t width, const int32_t *indices,
                   const double *values, int64_t count, double *out);

/// matrix ← matrix − v·vᵀ, both triangles, so that what was symmetric stays so to the bit.
void weir_subtract_square(double *matrix, int64_t stride, int64_t width, const double *v);

#endif
