#ifndef WEIR_EXPERTS_H
#define WEIR_EXPERTS_H

#include <stdint.h>

// The loops of `FirstOrderExperts`: twelve linear models whose weights stand side by side, sixteen numbers a
// feature: eight weights of implicit SGD, four of AdaGrad, and 1/√G of these four.

/// The twelve predictors of a row of `count` features (index, value); indices from `known` on have no weights yet.
void weir_experts_predict(const double *table, int64_t known, const int32_t *indices,
                          const double *values, int64_t count, double *out);

/// A label and what goes with it.
struct weir_lesson {
  double target;
  double importance;
  /// Σ value² of the row.
  double norm;
  /// The scale of the target.
  double scale;
  int is_logistic;
};

/// Has the twelve learn a row of which they `said` predictors, or probabilities of class 1; `rates` are theirs.
void weir_experts_learn(double *table, const int32_t *indices, const double *values, int64_t count,
                        const double *said, const double *rates, const struct weir_lesson *lesson);

/// p = 1/(1 + e⁻ᶻ) of `count` log-odds, clamped to ±most, to within two units in the last place; up to three
/// numbers after the last are read.
void weir_probabilities(const double *z, int64_t count, double most, double *p);

/// The predictions of `count` (a multiple of 4) predictors of numbers, clamped to least … most, a NaN to `middle`.
/// power 1: as they are; 2: their squares, 0 below 0; 0: e^z − 1, 0 below 0.
void weir_link_predictions(int power, const double *z, int64_t count, double least, double most,
                           double middle, double *p);

/// Σ weights·p.
double weir_mix(const double *weights, const double *p, int64_t count);

/// The update of `MLpoly`, where it is told.
void weir_follow_regrets(const double *p, int64_t count, double gradient, double mixed,
                         double *regrets, double *squares, double *weights, double *served);

#endif
