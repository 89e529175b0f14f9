// Preloaded into a program: counts its allocations and prints the count to standard error at the end.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_long count;

void *malloc(size_t size) {
  static void *(*next)(size_t);
  if (!next) next = dlsym(RTLD_NEXT, "malloc");
  atomic_fetch_add(&count, 1);
  return next(size);
}

void *realloc(void *old, size_t size) {
  static void *(*next)(void *, size_t);
  if (!next) next = dlsym(RTLD_NEXT, "realloc");
  atomic_fetch_add(&count, 1);
  return next(old, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  static int (*next)(void **, size_t, size_t);
  if (!next) next = dlsym(RTLD_NEXT, "posix_memalign");
  atomic_fetch_add(&count, 1);
  return next(out, alignment, size);
}

__attribute__((destructor)) static void report(void) {
  fprintf(stderr, "allocations %ld\n", atomic_load(&count));
}
