#ifndef WEIR_FUNCTIONS_H
#define WEIR_FUNCTIONS_H

// Functions of four numbers at a time. Macros, as vectors handed to a function, even one that is inlined, would
// have to be of one width. What they declare ends in an underscore, so as not to hide what they are given.

#include <stdint.h>

typedef double four __attribute__((vector_size(32), aligned(8)));
typedef int64_t mask __attribute__((vector_size(32)));

/// Four numbers of an array, to be written and to be read.
#define AT(pointer, i) (*(four *)((pointer) + (i)))
#define FROM(pointer, i) (*(const four *)((pointer) + (i)))

/// The same number four times.
#define ALL(x) ((four){(x), (x), (x), (x)})

/// a where the mask is set, b where it is not.
#define CHOOSE(set, a, b) ((four)(((set) & (mask)(a)) | (~(set) & (mask)(b))))

#define ANY(m) ((m)[0] | (m)[1] | (m)[2] | (m)[3])

/// result ← e^x for |x| < 700, as 2ⁿ·e^r with |r| at most ln(2)/2: thirteen terms of e^r leave less than
/// 2⁻⁵⁷ of it.
#define EXPONENTIAL(result, x)                                                                      \
  {                                                                                                 \
    /* Added and taken away again, it leaves the nearest whole number. */                           \
    const four shifted_ = (x) * 0x1.71547652b82fep+0 + 0x1.8p52;                                    \
    const four n_ = shifted_ - 0x1.8p52;                                                            \
    const four r_ = ((x) - n_ * 0x1.62e42fee00000p-1) - n_ * 0x1.a39ef35793c76p-33;                 \
    const four square_ = r_ * r_, fourth_ = square_ * square_;                                      \
    const four a_ = (1 + r_) + square_ * (0.5 + r_ * (1.0 / 6));                                    \
    const four b_ = (1.0 / 24 + r_ * (1.0 / 120)) + square_ * (1.0 / 720 + r_ * (1.0 / 5040));      \
    const four c_ = (1.0 / 40320 + r_ * (1.0 / 362880)) +                                           \
                   square_ * (1.0 / 3628800 + r_ * (1.0 / 39916800));                               \
    const four d_ = 1.0 / 479001600 + r_ * (1.0 / 6227020800);                                      \
    const four power_ = a_ + fourth_ * (b_ + fourth_ * (c_ + fourth_ * d_));                        \
    result = (four)((mask)power_ + ((mask)shifted_ << 52));                                         \
  }

/// result ← ln(1 + t) for t in 0…1, to within 2⁻⁵² of 1: with s = t/(2 + t) it is 2·(s + s³/3 + s⁵/5 + …), and
/// s is at most a third; sixteen terms.
#define LOGARITHM_OF_ONE_PLUS(result, t)                                                            \
  {                                                                                                 \
    const four s_ = (t) / (2 + (t)), q_ = s_ * s_, q2_ = q_ * q_, q4_ = q2_ * q2_;                  \
    const four a_ = (1 + q_ * (1.0 / 3)) + q2_ * (1.0 / 5 + q_ * (1.0 / 7));                        \
    const four b_ = (1.0 / 9 + q_ * (1.0 / 11)) + q2_ * (1.0 / 13 + q_ * (1.0 / 15));               \
    const four c_ = (1.0 / 17 + q_ * (1.0 / 19)) + q2_ * (1.0 / 21 + q_ * (1.0 / 23));              \
    const four d_ = (1.0 / 25 + q_ * (1.0 / 27)) + q2_ * (1.0 / 29 + q_ * (1.0 / 31));              \
    result = 2 * s_ * (a_ + q4_ * (b_ + q4_ * (c_ + q4_ * d_)));                                    \
  }

/// result ← ln x for normal numbers above 0: of x = 2ᵉ·m with m in 1…2 it is e·ln 2 + ln m.
#define LOGARITHM(result, x)                                                                        \
  {                                                                                                 \
    const mask bits_ = (mask)(x);                                                                   \
    const four t_ = (four)((bits_ & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000) - 1;                     \
    /* A small whole number after 2⁵² is its own last bits. */                                      \
    const four e_ = (four)((bits_ >> 52) | 0x4330000000000000) - (0x1p52 + 1023);                   \
    four m_;                                                                                        \
    LOGARITHM_OF_ONE_PLUS(m_, t_)                                                                   \
    result = e_ * 0x1.62e42fefa39efp-1 + m_;                                                        \
  }

#endif
