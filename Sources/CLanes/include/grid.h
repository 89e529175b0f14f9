#ifndef WEIR_GRID_H
#define WEIR_GRID_H

#include <stdint.h>

// The loops of `RateGrid` over its rates, where the formulas are told.

/// A block of rows and what is known of each rate; `lanes` rates (a multiple of 4) stand side by side.
struct weir_grid {
  int64_t lanes;
  /// Rows that a block has room for.
  int64_t block;
  /// block × block.
  const double *cross_before;
  const double *cross_after;
  /// block × lanes.
  double *before;
  double *after;
  double *steps;
  /// (block + 1) × lanes.
  double *shrink;
  /// For each rate: it, 1 − rate·l2, its intercept and its discounted loss.
  const double *rates;
  const double *factors;
  double *intercepts;
  double *losses;
  /// Of the row at hand: the label, and its importance.
  double label;
  double weight;
  /// What losses keep from row to row; where gradients are clipped.
  double decay;
  double clip;
  /// Where a predictor, or for numbers its error, is running off.
  double bound;
  int is_logistic;
};

/// Makes `before` and `after` of row i predictors; whether any of those that learn is running off.
int weir_grid_predict(const struct weir_grid *grid, int64_t i);

/// Takes row i's label: its cost to each rate, and each rate's step.
void weir_grid_learn(const struct weir_grid *grid, int64_t i);

#endif
