#ifndef WEIR_LANES_H
#define WEIR_LANES_H

#include <stdint.h>

#include "blocks.h"
#include "experts.h"
#include "grid.h"
#include "inverse.h"
#include "scaling.h"
#include "watches.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Swift has no way to gather a comparison's lanes into the bits of a word; here it is one instruction for 16 bytes on
// x86-64. Elsewhere a loop, which compilers vectorise.

/// Bit i of the result is set where byte i of the 16 bytes at `bytes` equals `value`.
static inline uint32_t weir_equal_bytes_16(const uint8_t *bytes, uint8_t value) {
#if defined(__SSE2__)
  const __m128i lane = _mm_loadu_si128((const __m128i *)bytes);
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(lane, _mm_set1_epi8((char)value)));
#else
  uint32_t mask = 0;
  for (int i = 0; i < 16; i++) mask |= (uint32_t)(bytes[i] == value) << i;
  return mask;
#endif
}

/// Bit i of the result is set where byte i of the 16 bytes at `bytes` is a decimal digit.
static inline uint32_t weir_digits_16(const uint8_t *bytes) {
#if defined(__SSE2__)
  const __m128i lane = _mm_loadu_si128((const __m128i *)bytes);
  const __m128i value = _mm_sub_epi8(lane, _mm_set1_epi8('0'));
  const __m128i least = _mm_min_epu8(value, _mm_set1_epi8(9));
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(value, least));
#else
  uint32_t mask = 0;
  for (int i = 0; i < 16; i++) mask |= (uint32_t)((uint8_t)(bytes[i] - '0') < 10) << i;
  return mask;
#endif
}

/// Bit i of the result is set where byte i of the 16 bytes at `bytes` cannot stand in a JSON string
/// as it is: a quote, a backslash, a control character.
static inline uint32_t weir_string_stops_16(const uint8_t *bytes) {
#if defined(__SSE2__)
  const __m128i lane = _mm_loadu_si128((const __m128i *)bytes);
  const __m128i quotes = _mm_cmpeq_epi8(lane, _mm_set1_epi8('"'));
  const __m128i slashes = _mm_cmpeq_epi8(lane, _mm_set1_epi8('\\'));
  const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(lane, _mm_set1_epi8(0x1F)), lane);
  return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), controls));
#else
  uint32_t mask = 0;
  for (int i = 0; i < 16; i++)
    mask |= (uint32_t)(bytes[i] == '"' || bytes[i] == '\\' || bytes[i] < 0x20) << i;
  return mask;
#endif
}

/// Bit i of the result is set where byte i of the 64 bytes at `bytes` is a blank, a tab, a colon or `other`.
static inline uint64_t weir_token_ends(const uint8_t *bytes, uint8_t other) {
#if defined(__SSE2__)
  const __m128i blank = _mm_set1_epi8(' '), tab = _mm_set1_epi8('\t');
  const __m128i colon = _mm_set1_epi8(':'), last = _mm_set1_epi8((char)other);
  uint64_t mask = 0;
  for (int i = 0; i < 4; i++) {
    const __m128i lane = _mm_loadu_si128((const __m128i *)(bytes + 16 * i));
    const __m128i blanks = _mm_or_si128(_mm_cmpeq_epi8(lane, blank), _mm_cmpeq_epi8(lane, tab));
    const __m128i others = _mm_or_si128(_mm_cmpeq_epi8(lane, colon), _mm_cmpeq_epi8(lane, last));
    const uint64_t hits = (uint16_t)_mm_movemask_epi8(_mm_or_si128(blanks, others));
    mask |= hits << (16 * i);
  }
  return mask;
#else
  uint64_t mask = 0;
  for (int i = 0; i < 64; i++) {
    const uint8_t byte = bytes[i];
    mask |= (uint64_t)(byte == ' ' || byte == '\t' || byte == ':' || byte == other) << i;
  }
  return mask;
#endif
}

/// Tells the core that this thread waits in a loop, so that it does not take from the other one.
static inline void weir_relax(void) {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Writes the ends of a record's fields, at most `limit`, and returns how many fields there are; up to 64 numbers past
/// the last may be overwritten. 64 bytes after the record's last must be readable.
int64_t weir_field_ends(const uint8_t *record, int64_t length, uint8_t delimiter, int64_t limit, int32_t *ends);

/// Whether this machine has lanes wide enough for `weir_short_decimals` to pay (AVX2).
int weir_has_wide_lanes(void);

/// Converts the fields of a record that are short decimals, `[-]digits[.digits]` of at most eight digits,
/// eight fields at a time; exactly, as strtod does.
///
/// - record: the record's first byte; 16 bytes after the last field must be readable.
/// - ends: where each field ends, relative to `record`; ends[-1] is −1, and up to seven entries beyond
///   `count` are read: they must not decrease or lead out of what is readable.
/// - values: `count` rounded up to 8 results; of a field that is not such a decimal, anything.
/// - others: bit i of word i / 64 is set where field i is not such a decimal; bits past `count` say nothing.
void weir_short_decimals(const uint8_t *record, const int32_t *ends, int32_t count, double *values,
                         uint64_t *others);

/// Cores that this process may use.
int weir_cores(void);

#endif
