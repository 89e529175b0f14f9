#ifndef WEIR_SCALING_H
#define WEIR_SCALING_H

#include <stdint.h>

// The loops of `Scaling`, where shapes and meaning are told; `count` is a multiple of 4 but for `weir_clamp`.

void weir_standardise(const double *x, const double *mean, const double *scale, int64_t count,
                      double *out);

double weir_standardised_dot(const double *x, const double *mean, const double *scale,
                             const double *w, int64_t count);

void weir_standardise_learning(const double *x, double rows, double *mean, double *squares,
                               double *scale, const double *w, int64_t count, double *out,
                               double *dots);

void weir_learn_scale(const double *x, double rows, double *mean, double *squares, double *scale,
                      int64_t count);

/// Clamps `count` numbers to ±limit, with the sum of their squares; whether any of them is 0.
int weir_clamp(const double *x, int64_t count, double limit, double *out, double *norm);

/// Copies `count` numbers and adds them to their sums, unless one of them is NaN: then it does nothing and returns 0.
int weir_take_numbers(const double *x, int64_t count, double *out, double *sums);

/// y ← y + factor·x over `count` numbers, any number.
void weir_add(double factor, const double *x, double *y, int64_t count);

#endif
