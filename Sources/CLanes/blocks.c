#include "blocks.h"
#include "wide.h"
#include "functions.h"

WEIR_WIDE void weir_add_rows(const double *x, const double *targets, int64_t rows, int64_t stride,
                             int64_t count, double *state) {
  for (int64_t i = 0; i < count; i += 4) {
    const four shift = FROM(state, i);
    four sum = FROM(state + count, i), square = FROM(state + 2 * count, i);
    four least = FROM(state + 3 * count, i), most = FROM(state + 4 * count, i);
    four product = FROM(state + 5 * count, i);
    for (int64_t row = 0; row < rows; row++) {
      const four value = FROM(x + row * stride, i);
      const four deviation = value - shift;
      const mask below = value < least, above = value > most;
      sum += deviation;
      square += deviation * deviation;
      product += deviation * targets[row];
      least = CHOOSE(below, value, least);
      most = CHOOSE(above, value, most);
    }
    AT(state + count, i) = sum;
    AT(state + 2 * count, i) = square;
    AT(state + 3 * count, i) = least;
    AT(state + 4 * count, i) = most;
    AT(state + 5 * count, i) = product;
  }
}
