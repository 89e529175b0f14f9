#ifndef WEIR_LANES_H
#define WEIR_LANES_H

#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Bit i of the result is set where byte i of the 64 bytes at `bytes` equals `value`.
///
/// Swift has no way to gather a comparison's lanes into the bits of a word; here it is one
/// instruction for 16 bytes on x86-64. Elsewhere a loop, which compilers vectorise.
static inline uint64_t weir_equal_bytes(const uint8_t *bytes, uint8_t value) {
#if defined(__SSE2__)
  const __m128i pattern = _mm_set1_epi8((char)value);
  uint64_t mask = 0;
  for (int i = 0; i < 4; i++) {
    const __m128i lane = _mm_loadu_si128((const __m128i *)(bytes + 16 * i));
    const uint64_t hits = (uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(lane, pattern));
    mask |= hits << (16 * i);
  }
  return mask;
#else
  uint64_t mask = 0;
  for (int i = 0; i < 64; i++) mask |= (uint64_t)(bytes[i] == value) << i;
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

/// Cores that this process may use.
int weir_cores(void);

#endif
