// For CPU_COUNT and sched_getaffinity, which Swift does not see.
#define _GNU_SOURCE
#include <sched.h>

#include "lanes.h"

int weir_cores(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int weir_has_wide_lanes(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return 0;
#endif
}
