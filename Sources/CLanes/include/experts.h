#ifndef WEIR_EXPERTS_H
#define WEIR_EXPERTS_H

#include <stdint.h>

// The loops of `FirstOrderExperts`: twelve linear models whose weights stand side by side, sixteen numbers a
// feature: eight weights of implicit SGD, four of AdaGrad, and 1/√G of these four.

/// The twelve predictors of a row of `count` features (index, value); indices from `known` on have no weights yet.
void weir_experts_predict(const double *table, int64_t known, const int32_t *indices,
                          const double *values, int64_t count, double *out);

/// Moves the weights: the eight by −moves·value, the four by −steps·g·1/√G with g = gradients·value and G grown by g².
void weir_experts_learn(double *table, const int32_t *indices, const double *values, int64_t count,
                        const double *moves, const double *gradients, const double *steps);

/// p = 1/(1 + e⁻ᶻ) of `count` log-odds, clamped to ±most, to within two units in the last place; up to three
/// numbers after the last are read.
void weir_probabilities(const double *z, int64_t count, double most, double *p);

#endif
