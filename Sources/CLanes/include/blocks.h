#ifndef WEIR_BLOCKS_H
#define WEIR_BLOCKS_H

#include <stdint.h>

/// Adds `rows` rows, `stride` numbers apart, to what a block knows of the first `count` columns, a multiple of 4; told in
/// `BlockSums`. `state` has six arrays of `count` numbers: shift, sums, squares, least, most and products. `targets` has a
/// number for each row.
void weir_add_rows(const double *x, const double *targets, int64_t rows, int64_t stride,
                   int64_t count, double *state);

#endif
