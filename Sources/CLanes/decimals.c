#include <stdbool.h>
#include <string.h>

#include "lanes.h"
#include "wide.h"

typedef uint64_t words __attribute__((vector_size(64)));
typedef int64_t lanes __attribute__((vector_size(64)));
typedef double reals __attribute__((vector_size(64)));
typedef bool bits __attribute__((ext_vector_type(8)));

typedef uint8_t block __attribute__((vector_size(64), aligned(1)));
typedef bool flags __attribute__((ext_vector_type(64)));

#define ALL(x) {x, x, x, x, x, x, x, x}

static inline uint64_t load(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

// Macros, as vectors handed to a function, even one that is inlined, would have to be of one width.

/// `yes` where the lanes of `mask` are all ones, else `no`.
#define CHOSEN(mask, yes, no) (((mask) & (yes)) | (~(mask) & (no)))

/// `value` where `bit` of `power` is set, else 1.
#define FACTOR(power, bit, value) \
  ((reals)CHOSEN((words)(((power) & (bit)) != 0), (words)(reals)ALL(value), (words)(reals)ALL(1.0)))

WEIR_WIDE void weir_short_decimals(const uint8_t *record, const int32_t *ends, int32_t count,
                                   double *values, uint64_t *others) {
  const words ones = ALL(~0ull), zeros = ALL(0x3030303030303030ull);
  const words low = ALL(0x7F7F7F7F7F7F7F7Full);
  uint64_t odd = 0;
  for (int32_t first = 0; first < count; first += 8) {
    const uint8_t *at[8];
    words length;
    for (int k = 0; k < 8; k++) {
      const int32_t start = ends[first + k - 1] + 1;
      at[k] = record + start;
      length[k] = (uint64_t)(int64_t)(ends[first + k] - start);
    }
    const words begun = {load(at[0]), load(at[1]), load(at[2]), load(at[3]),
                         load(at[4]), load(at[5]), load(at[6]), load(at[7])};
    const words then = {load(at[0] + 8), load(at[1] + 8), load(at[2] + 8), load(at[3] + 8),
                        load(at[4] + 8), load(at[5] + 8), load(at[6] + 8), load(at[7] + 8)};

    // The sign is shifted out; the ninth byte after it stays in `next`.
    const words negative = (words)((begun & 0xFF) == '-');
    const words word = CHOSEN(negative, begun >> 8 | then << 56, begun);
    const words next = then >> (negative & 8);
    length += negative;

    // The point, if it is among the field's first eight bytes, as a one at its byte's lowest bit.
    const words inside = (words)(length > 7) | ~(ones << ((length & 7) * 8));
    const words difference = word ^ 0x2E2E2E2E2E2E2E2E;
    const words points = ~(((difference & low) + low) | difference | low) & inside;
    const words point = (points & -points) >> 7;
    const words has_point = (words)(point != 0);

    // Taken out, so that the digits on both sides are one number; without one all bytes are before it.
    const words digits = length + has_point;
    const words before = point - 1;
    const words joined = CHOSEN(before, word, word >> 8 | next << 56);
    const words shift = (64 - 8 * digits) & 63;
    const words aligned = (joined << shift) ^ (zeros << shift);
    const words strange = ((aligned + 0x7676767676767676) | aligned) & 0x8080808080808080;
    const words is_other = (words)(strange != 0) | (words)(digits - 1 > 7);
    const words pairs = (aligned * 2561) >> 8 & 0x00FF00FF00FF00FF;
    const words fours = (pairs * 6553601) >> 16 & 0x0000FFFF0000FFFF;
    const words mantissa = (fours * 42949672960001) >> 32;

    // Digits after the point, 0 to 8, and ten to that power; all of it exact.
    const words place = (point * 0x0001020304050607) >> 56;
    const words power = (digits - place) & has_point;
    const reals scale = (FACTOR(power, 1, 1e1) * FACTOR(power, 2, 1e2)) *
                        (FACTOR(power, 4, 1e4) * FACTOR(power, 8, 1e8));
    // Below 2⁵², so the digits are a mantissa under the exponent of 2⁵².
    const reals whole = (reals)(mantissa | 0x4330000000000000) - 0x1p52;
    const words result = (words)(whole / scale) | negative << 63;
    memcpy(values + first, &result, sizeof result);

    const bits flags = __builtin_convertvector((lanes)is_other, bits);
    uint8_t byte;
    memcpy(&byte, &flags, 1);
    odd |= (uint64_t)byte << (first & 63);
    if ((first & 63) == 56 || first + 8 >= count) {
      others[first >> 6] = odd;
      odd = 0;
    }
  }
}

WEIR_WIDE int64_t weir_field_ends(const uint8_t *record, int64_t length, uint8_t delimiter, int64_t limit,
                                  int32_t *ends) {
  int64_t found = 0;
  for (int64_t offset = 0; offset < length; offset += 64) {
    const flags equal = __builtin_convertvector(*(const block *)(record + offset) == delimiter, flags);
    uint64_t hits;
    memcpy(&hits, &equal, sizeof hits);
    if (length - offset < 64) hits &= ((uint64_t)1 << (length - offset)) - 1;
    const int64_t count = __builtin_popcountll(hits);
    if (found < limit) {
      // Eight at a time, though there may be fewer: what is no end is overwritten by the next block. A
      // loop over the hits would have the processor guess their number at every block.
      int32_t *next = ends + found;
      for (int64_t written = 0; written < count; written += 8)
        for (int k = 0; k < 8; k++) {
          next[written + k] = (int32_t)offset + (hits ? __builtin_ctzll(hits) : 64);
          hits &= hits - 1;
        }
    }
    found += count;
  }
  if (found < limit) ends[found] = (int32_t)length;
  return found + 1;
}
