#include <string.h>

#include "lanes.h"
#include "wide.h"
#include "functions.h"

// A feature's sixteen numbers: eight weights, four weights, four inverse roots.
typedef double eight __attribute__((vector_size(64), aligned(8)));
typedef int64_t wide_mask __attribute__((vector_size(64)));

static const int stride = 16;

WEIR_WIDE void weir_experts_predict(const double *table, int64_t known, const int32_t *indices,
                                    const double *values, int64_t count, double *out) {
  eight first = {0};
  four second = {0};
  int64_t a = 0;
  if (known > 8192) {
    // A table that no cache holds is fetched some features ahead.
    for (; a + 8 < count; a++) {
      const double *later = table + (int64_t)indices[a + 8] * stride;
      __builtin_prefetch(later);
      __builtin_prefetch(later + 8);
      if (indices[a] >= known) continue;
      const double *weights = table + (int64_t)indices[a] * stride;
      first += values[a] * *(const eight *)weights;
      second += values[a] * *(const four *)(weights + 8);
    }
  }
  for (; a < count; a++) {
    if (indices[a] >= known) continue;
    const double *weights = table + (int64_t)indices[a] * stride;
    first += values[a] * *(const eight *)weights;
    second += values[a] * *(const four *)(weights + 8);
  }
  *(eight *)out = first;
  *(four *)(out + 8) = second;
}

WEIR_WIDE void weir_experts_learn(double *table, const int32_t *indices, const double *values,
                                  int64_t count, const double *said, const double *rates,
                                  const struct weir_lesson *lesson) {
  const eight said8 = *(const eight *)said;
  eight curvature = said8 * (1 - said8);
  const wide_mask flat = curvature < 0.05;
  curvature = (eight)((flat & (wide_mask)((eight){0} + 0.05)) | (~flat & (wide_mask)curvature));
  if (!lesson->is_logistic) curvature = (eight){0} + 1;
  const eight gains = *(const eight *)rates * lesson->importance;
  const eight move = gains * (said8 - lesson->target) / (1 + gains * curvature * lesson->norm);
  const four gradient = (*(const four *)(said + 8) - lesson->target) * lesson->importance;
  const four step = *(const four *)(rates + 8) * lesson->scale * gradient;
  for (int64_t a = 0; a < count; a++) {
    double *weights = table + (int64_t)indices[a] * stride;
    const double value = values[a];
    *(eight *)weights -= move * value;
    const four g = gradient * value, root = *(const four *)(weights + 12);
    // 1/√(G + g²) from 1/√G, as root·(1 + u)^−½ by its series: where u is at most 2⁻¹⁸, as soon as there
    // are some thousand rows, two terms leave less than half a unit in the last place, up to 2⁻¹¹ four.
    const four part = g * root, u = part * part;
    four shrunk = root - root * (u * (0.5 - u * 0.375));
    const mask far = u > 0x1p-18;
    if (far[0] | far[1] | far[2] | far[3]) {
      shrunk = root - root * (u * (0.5 - u * (0.375 - u * (0.3125 - u * 0.2734375))));
      const mask further = u > 0x1p-11;
      if (further[0] | further[1] | further[2] | further[3]) {
        for (int k = 0; k < 4; k++)
          if (further[k]) shrunk[k] = root[k] / __builtin_sqrt(1 + u[k]);
      }
    }
    *(four *)(weights + 8) -= step * value * shrunk;
    *(four *)(weights + 12) = shrunk;
  }
}

WEIR_WIDE void weir_probabilities(const double *z, int64_t count, double most, double *p) {
  const four upper = {most, most, most, most};
  for (int64_t i = 0; i < count; i += 4) {
    const four given = *(const four *)(z + i);
    const mask above = given > upper, below = given < -upper;
    const four x = -(four)((above & (mask)upper) | (below & (mask)(-upper)) |
                           (~(above | below) & (mask)given));
    four power;
    EXPONENTIAL(power, x)
    const four result = 1 / (1 + power);
    if (count - i >= 4) {
      *(four *)(p + i) = result;
    } else {
      for (int64_t k = i; k < count; k++) p[k] = result[k - i];
    }
  }
}

WEIR_WIDE double weir_mix(const double *weights, const double *p, int64_t count) {
  four sum = {0};
  int64_t k = 0;
  for (; k + 4 <= count; k += 4) sum += *(const four *)(weights + k) * *(const four *)(p + k);
  double total = (sum[0] + sum[2]) + (sum[1] + sum[3]);
  for (; k < count; k++) total += weights[k] * p[k];
  return total;
}

WEIR_WIDE void weir_follow_regrets(const double *p, int64_t count, double gradient, double mixed,
                                   double *regrets, double *squares, double *weights,
                                   double *served) {
  four sum = {0};
  double total = 0;
  int64_t k = 0;
  for (; k + 4 <= count; k += 4) {
    *(four *)(served + k) += *(const four *)(weights + k);
    const four r = gradient * (mixed - *(const four *)(p + k));
    const four regret = *(const four *)(regrets + k) + r;
    const four square = *(const four *)(squares + k) + r * r;
    // Where the regret is positive so is the square.
    const four weight = (four)((mask)(regret / square) & (regret > 0.0));
    *(four *)(regrets + k) = regret;
    *(four *)(squares + k) = square;
    *(four *)(weights + k) = weight;
    sum += weight;
  }
  for (; k < count; k++) {
    served[k] += weights[k];
    const double r = gradient * (mixed - p[k]);
    regrets[k] += r;
    squares[k] += r * r;
    weights[k] = regrets[k] > 0 ? regrets[k] / squares[k] : 0;
    total += weights[k];
  }
  total += (sum[0] + sum[2]) + (sum[1] + sum[3]);
  const double factor = total > 0 ? 1 / total : 0, equal = total > 0 ? 0 : 1 / (double)count;
  for (k = 0; k < count; k++) weights[k] = weights[k] * factor + equal;
}

WEIR_WIDE void weir_link_predictions(int power, const double *z, int64_t count, double lowest,
                                     double highest, double mean, double *p) {
  const four zero = {0};
  const four least = zero + lowest, most = zero + highest, middle = zero + mean;
  for (int64_t k = 0; k < count; k += 4) {
    four value = *(const four *)(z + k);
    if (power == 2) {
      value = (four)((mask)(value * value) & (value > zero));
    } else if (power == 0) {
      const mask is_large = value > 700.0;
      const four bounded = (four)((is_large & (mask)((four){0} + 700.0)) | (~is_large & (mask)value));
      four power_of_e;
      EXPONENTIAL(power_of_e, bounded)
      value = (four)((mask)(power_of_e - 1) & (value > zero));
    }
    // A comparison that a NaN fails ends in the middle.
    const mask is_low = value < least, is_fine = value >= least, is_high = value > most;
    *(four *)(p + k) = (four)((is_fine & ((is_high & (mask)most) | (~is_high & (mask)value))) |
                              (is_low & (mask)least) | (~(is_fine | is_low) & (mask)middle));
  }
}
