#ifndef WEIR_WIDE_H
#define WEIR_WIDE_H

/// Compiles a function for several widths of lanes; which one is called is settled when the program is loaded.
///
/// What such a function computes must not depend on the width: lanes are added up in an order that is
/// written down, and no product is fused with a sum (FP_CONTRACT below), so that the same events give
/// the same weights, to the bit, on every machine.
#if defined(__x86_64__)
#define WEIR_WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WEIR_WIDE
#endif

#pragma STDC FP_CONTRACT OFF

#endif
