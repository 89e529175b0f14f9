#ifndef WEIR_WATCHES_H
#define WEIR_WATCHES_H

#include <stdint.h>

// The loops of the watches of `Monitors`, where the formulas are told.

/// Bets of `DeviationWatch` on one stream, four numbers each of which three stand side by side.
#define WEIR_DEVIATION_BETS 12

/// What a stream is told of besides: the total of the sums, the sum and the count of the values, and both again of the last ones
/// alone; and whether nobody bets on it.
#define WEIR_DEVIATION_HEAD 8

/// What is the same for all streams.
struct weir_deviations {
  /// Three arrays: the stakes, their sides (1 above, −1 below), and what is put in with each value; 0 all three where there is no
  /// bet.
  const double *bets;
  double slack;
  /// What remains of the last values with each new one.
  double kept;
  /// The total at which to stop.
  double limit;
  /// The count of last values from which on a stream without bets may stop.
  double calm;
};

/// Takes deviations from number `from` on, each of a stream and an event, until one asks for attention: its stream's total is at
/// least the limit, or nobody bets on its stream and the mean of its last values is within the slack. Each stream has a head
/// and five arrays: sums, wins, and where each win began the event, the sum and the count before it. Returns the number of that
/// deviation, which was taken; `count` if there is none.
int64_t weir_bet_deviations(const struct weir_deviations *watch, double *streams,
                            const int32_t *which, const double *deviations, const double *events,
                            int64_t from, int64_t count);

/// Bets of `RateWatch` on one column.
#define WEIR_RATE_BETS 6

/// Takes `rows` rows without a hit, from event `event` on, of `count` columns, a multiple of 4. `state` has an array for each
/// bet's sum, then the totals, the events with which they began, and the hits and rows since then; `factors` an array for each
/// bet of what the rows are worth: 0 for columns that are not watched. Returns the greatest total.
double weir_follow_rates(double *state, const double *factors, double rows, double event,
                         int64_t count);

/// Sizes of change of `ShiryaevRoberts`, with what fills up the last four.
#define WEIR_SHIFTS 8

/// Takes a score into four arrays: statistics, excesses, and where each excess began the two numbers `before`. Where a shift is
/// 0 there is none. Returns the sum of the statistics.
double weir_shiryaev_roberts(double *state, const double *shifts, double score, double weight,
                             double count_before, double mean_before);

/// For `count` columns, a multiple of 4, of which `state` is what `weir_add_rows` knows of a block of `rows` rows without
/// gaps: the mean; the logarithm of the spread, NaN where it is no more than `least` of the greatest; and artanh of the
/// correlation with the targets, of which the sum and the sum of squares are given, kept within ±`limit` of 1, NaN where
/// either does not vary.
void weir_block_figures(const double *state, int64_t count, double rows, double target_sum,
                        double target_squares, double limit, double *means, double *spreads,
                        double *relations);

#endif
