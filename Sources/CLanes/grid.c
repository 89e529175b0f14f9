#include "grid.h"
#include "wide.h"
#include "functions.h"

WEIR_WIDE int weir_grid_predict(const struct weir_grid *grid, int64_t i) {
  const int64_t lanes = grid->lanes;
  const double *before_row = grid->cross_before + i * grid->block;
  const double *after_row = grid->cross_after + i * grid->block;
  mask runaway = {0};
  for (int64_t k = 0; k < lanes; k += 4) {
    four before = FROM(grid->before, i * lanes + k), after = FROM(grid->after, i * lanes + k);
    for (int64_t j = 0; j < i; j++) {
      const four step = FROM(grid->steps, j * lanes + k);
      before -= step * before_row[j];
      after -= step * after_row[j];
    }
    const four shrink = FROM(grid->shrink, i * lanes + k), intercept = FROM(grid->intercepts, k);
    before = before * shrink + intercept;
    after = after * shrink + intercept;
    AT(grid->before, i * lanes + k) = before;
    AT(grid->after, i * lanes + k) = after;
    const four distance = grid->is_logistic ? after : after - grid->label;
    // Written so that a NaN runs away too.
    runaway |= ~((distance < grid->bound) & (distance > -grid->bound));
  }
  return ANY(runaway) != 0;
}

WEIR_WIDE void weir_grid_learn(const struct weir_grid *grid, int64_t i) {
  const int64_t lanes = grid->lanes;
  const double y = grid->label;
  for (int64_t k = 0; k < lanes; k += 4) {
    const four before = FROM(grid->before, i * lanes + k), after = FROM(grid->after, i * lanes + k);
    four cost, gradient;
    if (grid->is_logistic) {
      // softplus(a) = max(a, 0) + ln(1 + e^−|a|), where a is the log-odds of what did not happen.
      const four odds = y > 0.5 ? -before : before;
      const mask is_positive = odds > 0.0;
      const four size = (four)((is_positive & (mask)odds) | (~is_positive & (mask)(-odds)));
      const mask is_large = size > 700.0;
      const four tail = -(four)((is_large & (mask)((four){0} + 700.0)) | (~is_large & (mask)size));
      four t, rest;
      EXPONENTIAL(t, tail)
      LOGARITHM_OF_ONE_PLUS(rest, t)
      cost = (four)(is_positive & (mask)odds) + rest;
      const mask is_above = after >= 0.0;
      const four z = -(four)((is_above & (mask)after) | (~is_above & (mask)(-after)));
      const mask is_small = z < -700.0;
      const four power = (four)((is_small & (mask)((four){0} - 700.0)) | (~is_small & (mask)z));
      four e;
      EXPONENTIAL(e, power)
      const four one = (four){0} + 1;
      gradient = (four)((is_above & (mask)one) | (~is_above & (mask)e)) / (1 + e) - y;
    } else {
      cost = (before - y) * (before - y);
      gradient = 2 * (after - y);
    }
    // What is not finite costs as much as anything may.
    const mask is_cost = cost < 1e100;
    AT(grid->losses, k) =
        FROM(grid->losses, k) * grid->decay +
        (four)((is_cost & (mask)cost) | (~is_cost & (mask)((four){0} + 1e100)));
    four pull = gradient * grid->weight;
    const four most = (four){0} + grid->clip;
    const mask above = pull > most, below = pull < -most;
    pull = (four)((above & (mask)most) | (below & (mask)(-most)) | (~(above | below) & (mask)pull));
    const four step = FROM(grid->rates, k) * pull;
    const four shrink = FROM(grid->shrink, i * lanes + k) * FROM(grid->factors, k);
    const mask is_gone = shrink == 0.0;
    AT(grid->shrink, (i + 1) * lanes + k) = shrink;
    AT(grid->steps, i * lanes + k) = (four)(~is_gone & (mask)(step / shrink));
    AT(grid->intercepts, k) -= step;
  }
}
