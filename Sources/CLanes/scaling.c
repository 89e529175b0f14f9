#include "lanes.h"
#include "wide.h"
#include "functions.h"


/// √(rows / sum) into `root`, 0 where the sum is 0, from `near`, which is near it as a rule.
///
/// With r = 1 − near²·sum/rows the root is near·(1 − r)^−½. Where |r| is at most 2⁻¹¹, as for all but
/// the first rows and the outliers, four terms of the series in r leave an error under one unit in the
/// last place, at a third of the cost of a division and a square root. What has never varied has r = 1, and
/// is no reason to go the long way.
#define RECIPROCAL_ROOT(root, sum, near)                                                        \
  {                                                                                             \
    const mask varied = sum > 0.0;                                                              \
    const four r = (four)((mask)(1 - near * near * (sum * share)) & varied);                    \
    root = near + near * (r * (0.5 + r * (0.375 + r * (0.3125 + r * 0.2734375))));              \
    const mask far = r * r > 0x1p-22;                                                           \
    if (ANY(far)) {                                                                             \
      for (int k = 0; k < 4; k++)                                                               \
        if (far[k]) root[k] = __builtin_sqrt(rows / sum[k]);                                    \
    }                                                                                           \
  }

WEIR_WIDE void weir_standardise(const double *x, const double *mean, const double *scale,
                                int64_t count, double *out) {
  for (int64_t i = 0; i < count; i += 4) AT(out, i) = (FROM(x, i) - FROM(mean, i)) * FROM(scale, i);
}

WEIR_WIDE double weir_standardised_dot(const double *x, const double *mean, const double *scale,
                                       const double *w, int64_t count) {
  four sum = {0};
  for (int64_t i = 0; i < count; i += 4)
    sum += (FROM(x, i) - FROM(mean, i)) * FROM(scale, i) * FROM(w, i);
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

WEIR_WIDE void weir_standardise_learning(const double *x, double rows, double *mean, double *squares,
                                         double *scale, const double *w, int64_t count, double *out,
                                         double *dots) {
  four before = {0}, after = {0};
  const double share = 1 / rows;
  for (int64_t i = 0; i < count; i += 4) {
    const four value = FROM(x, i), old = FROM(mean, i), near = FROM(scale, i), weight = FROM(w, i);
    const four deviation = value - old;
    before += deviation * near * weight;
    const four moved = old + deviation * share;
    const four rest = value - moved;
    const four sum = FROM(squares, i) + deviation * rest;
    four root;
    RECIPROCAL_ROOT(root, sum, near)
    const four scaled = rest * root;
    after += scaled * weight;
    AT(mean, i) = moved;
    AT(squares, i) = sum;
    AT(scale, i) = root;
    AT(out, i) = scaled;
  }
  dots[0] = (before[0] + before[2]) + (before[1] + before[3]);
  dots[1] = (after[0] + after[2]) + (after[1] + after[3]);
}

WEIR_WIDE void weir_learn_scale(const double *x, double rows, double *mean, double *squares,
                                double *scale, int64_t count) {
  const double share = 1 / rows;
  for (int64_t i = 0; i < count; i += 4) {
    const four value = FROM(x, i), old = FROM(mean, i), near = FROM(scale, i);
    const four deviation = value - old;
    const four moved = old + deviation * share;
    const four sum = FROM(squares, i) + deviation * (value - moved);
    four root;
    RECIPROCAL_ROOT(root, sum, near)
    AT(mean, i) = moved;
    AT(squares, i) = sum;
    AT(scale, i) = root;
  }
}

WEIR_WIDE int weir_clamp(const double *x, int64_t count, double limit, double *out, double *norm) {
  four sum = {0};
  mask zero = {0};
  const four most = {limit, limit, limit, limit};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const four value = FROM(x, i);
    const mask above = value > most, below = value < -most;
    const four clamped = (four)((above & (mask)most) | (below & (mask)(-most)) |
                                (~(above | below) & (mask)value));
    zero |= clamped == 0.0;
    sum += clamped * clamped;
    AT(out, i) = clamped;
  }
  double total = (sum[0] + sum[2]) + (sum[1] + sum[3]);
  int some = ANY(zero) != 0;
  for (; i < count; i++) {
    const double clamped = x[i] > limit ? limit : x[i] < -limit ? -limit : x[i];
    some |= clamped == 0;
    total += clamped * clamped;
    out[i] = clamped;
  }
  *norm = total;
  return some;
}

WEIR_WIDE int weir_take_numbers(const double *x, int64_t count, double *out, double *sums) {
  int64_t i = 0;
  mask missing = {0};
  for (; i + 4 <= count; i += 4) missing |= FROM(x, i) != FROM(x, i);
  int some = ANY(missing) != 0;
  for (; i < count; i++) some |= x[i] != x[i];
  if (some) return 0;
  for (i = 0; i + 4 <= count; i += 4) {
    AT(out, i) = FROM(x, i);
    AT(sums, i) += FROM(x, i);
  }
  for (; i < count; i++) {
    out[i] = x[i];
    sums[i] += x[i];
  }
  return 1;
}

WEIR_WIDE void weir_add(double factor, const double *x, double *y, int64_t count) {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) AT(y, i) += factor * FROM(x, i);
  for (; i < count; i++) y[i] += factor * x[i];
}
