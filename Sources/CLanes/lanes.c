// For CPU_COUNT and sched_getaffinity, which Swift does not see.
#define _GNU_SOURCE
#include <sched.h>

#include "lanes.h"

int weir_cores(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}
