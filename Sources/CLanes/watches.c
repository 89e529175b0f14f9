#include "watches.h"
#include "wide.h"
#include "functions.h"

WEIR_WIDE int64_t weir_bet_deviations(const struct weir_deviations *watch, double *streams,
                                      const int32_t *which, const double *deviations,
                                      const double *events, int64_t from, int64_t count) {
  const double *bets = watch->bets, *signs = bets + WEIR_DEVIATION_BETS;
  const double *weights = signs + WEIR_DEVIATION_BETS;
  const double slack = watch->slack, kept = watch->kept;
  for (int64_t row = from; row < count; row++) {
    double *head = streams + which[row] * (WEIR_DEVIATION_HEAD + 5 * WEIR_DEVIATION_BETS);
    const double d = deviations[row], event = events[row];
    head[3] = head[3] * kept + d;
    head[4] = head[4] * kept + 1;
    if (head[5] != 0) {
      const double mean = head[3] / head[4];
      if (head[4] > watch->calm && mean <= slack && mean >= -slack) return row;
      continue;
    }
    const double sum = head[1], seen = head[2];
    four total = ALL(0);
    for (int i = 0; i < WEIR_DEVIATION_BETS; i += 4) {
      double *sums = head + WEIR_DEVIATION_HEAD + i, *wins = sums + WEIR_DEVIATION_BETS;
      double *starts = wins + WEIR_DEVIATION_BETS, *before = starts + WEIR_DEVIATION_BETS;
      double *counts = before + WEIR_DEVIATION_BETS;
      const four factor = 1 + FROM(bets, i) * (FROM(signs, i) * d - slack);
      const four win = FROM(wins, 0);
      const mask begins = win <= 1;
      const four grown = CHOOSE(begins, ALL(1), win) * factor;
      const mask much = grown > 1e100;
      AT(wins, 0) = CHOOSE(much, ALL(1e100), grown);
      AT(starts, 0) = CHOOSE(begins, ALL(event), FROM(starts, 0));
      AT(before, 0) = CHOOSE(begins, ALL(sum), FROM(before, 0));
      AT(counts, 0) = CHOOSE(begins, ALL(seen), FROM(counts, 0));
      const four next = (FROM(sums, 0) + FROM(weights, i)) * factor;
      const mask many = next > 1e100;
      const four left = CHOOSE(many, ALL(1e100), next);
      AT(sums, 0) = left;
      total += left;
    }
    head[0] = (total[0] + total[1]) + (total[2] + total[3]);
    head[1] = sum + d;
    head[2] = seen + 1;
    if (head[0] >= watch->limit) return row;
  }
  return count;
}

WEIR_WIDE double weir_follow_rates(double *state, const double *factors, double rows, double event,
                                   int64_t count) {
  const four most = ALL(1e100), weight = ALL(rows / WEIR_RATE_BETS);
  double *totals = state + WEIR_RATE_BETS * count, *starts = totals + count;
  double *hits = starts + count, *seen = hits + count;
  four greatest = ALL(0);
  for (int64_t i = 0; i < count; i += 4) {
    const mask begins = FROM(totals, i) <= rows;
    AT(starts, i) = CHOOSE(begins, ALL(event), FROM(starts, i));
    AT(hits, i) = CHOOSE(begins, ALL(0), FROM(hits, i));
    AT(seen, i) = CHOOSE(begins, ALL(0), FROM(seen, i)) + rows;
    four total = ALL(0);
    for (int k = 0; k < WEIR_RATE_BETS; k++) {
      const four next = (FROM(state + k * count, i) + weight) * FROM(factors + k * count, i);
      const mask much = next > most;
      AT(state + k * count, i) = CHOOSE(much, most, next);
      total += FROM(state + k * count, i);
    }
    AT(totals, i) = total;
    const mask greater = total > greatest;
    greatest = CHOOSE(greater, total, greatest);
  }
  double result = greatest[0];
  for (int k = 1; k < 4; k++) result = greatest[k] > result ? greatest[k] : result;
  return result;
}

WEIR_WIDE double weir_shiryaev_roberts(double *state, const double *shifts, double score,
                                       double weight, double count_before, double mean_before) {
  for (int i = 0; i < WEIR_SHIFTS; i += 4) {
    double *sums = state + i, *excesses = sums + WEIR_SHIFTS;
    double *counts = excesses + WEIR_SHIFTS, *means = counts + WEIR_SHIFTS;
    const four shift = FROM(shifts, i);
    const four gain = shift * (score - shift / 2);
    four growth;
    EXPONENTIAL(growth, gain)
    const mask there = shift > 0;
    const four next = CHOOSE(there, (FROM(sums, 0) + weight) * growth, ALL(0));
    const mask much = next > 1e100;
    AT(sums, 0) = CHOOSE(much, ALL(1e100), next);
    const four excess = FROM(excesses, 0);
    const mask begins = excess == 0;
    AT(counts, 0) = CHOOSE(begins, ALL(count_before), FROM(counts, 0));
    AT(means, 0) = CHOOSE(begins, ALL(mean_before), FROM(means, 0));
    const mask positive = excess + gain > 0;
    AT(excesses, 0) = CHOOSE(positive, excess + gain, ALL(0));
  }
  double total = 0;
  for (int k = 0; k < WEIR_SHIFTS; k++) total += state[k];
  return total;
}

WEIR_WIDE void weir_block_figures(const double *state, int64_t count, double rows,
                                  double target_sum, double target_squares, double limit,
                                  double *means, double *spreads, double *relations) {
  const double targets = target_squares - target_sum * target_sum / rows;
  const int varies = rows > 2 && targets > 1e-12 * target_squares;
  for (int64_t i = 0; i < count; i += 4) {
    const four shift = FROM(state, i), sum = FROM(state + count, i);
    const four squares = FROM(state + 2 * count, i), top = FROM(state + 4 * count, i);
    const four nothing = ALL(__builtin_nan(""));
    AT(means, i) = shift + sum / rows;
    const four rest = squares - sum * sum / rows;
    const mask negative = rest < 0;
    const four own = CHOOSE(negative, ALL(0), rest);
    const four variance = own / rows;
    const mask high = shift * shift > top * top;
    const four size = CHOOSE(high, shift * shift, top * top);
    const mask spread =
        (variance > size * 1e-18) & (variance > 0x1p-1000) & (variance < 0x1p1000);
    const four some = CHOOSE(spread, variance, ALL(1));
    four logarithm;
    LOGARITHM(logarithm, some)
    AT(spreads, i) = CHOOSE(spread, 0.5 * logarithm, nothing);
    if (!varies) {
      AT(relations, i) = nothing;
      continue;
    }
    const four both = own * targets;
    const mask related = (own > 1e-12 * squares) & (both > 0x1p-1000) & (both < 0x1p1000);
    const four scale = CHOOSE(related, both, ALL(1));
    four root;
    for (int k = 0; k < 4; k++) root[k] = __builtin_sqrt(scale[k]);
    const four r = (FROM(state + 5 * count, i) - sum * (target_sum / rows)) / root;
    const mask above = r > limit, below = r < -limit;
    const four within = CHOOSE(above, ALL(limit), CHOOSE(below, ALL(-limit), r));
    const four ratio = CHOOSE(related, (1 + within) / (1 - within), ALL(1));
    four z;
    LOGARITHM(z, ratio)
    AT(relations, i) = CHOOSE(related, 0.5 * z, nothing);
  }
}
