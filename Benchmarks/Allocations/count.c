// Preloaded into a program: counts its allocations and the most bytes that it held at once, as the allocator rounds
// them, and prints both to standard error at the end.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_long count, held, most;

static void take(void *block) {
  long now = atomic_fetch_add(&held, (long)malloc_usable_size(block)) + (long)malloc_usable_size(block);
  long known = atomic_load(&most);
  while (now > known && !atomic_compare_exchange_weak(&most, &known, now)) {
  }
}

static void give(void *block) { atomic_fetch_sub(&held, (long)malloc_usable_size(block)); }

void *malloc(size_t size) {
  static void *(*next)(size_t);
  if (!next) next = dlsym(RTLD_NEXT, "malloc");
  atomic_fetch_add(&count, 1);
  void *block = next(size);
  take(block);
  return block;
}

void *__libc_calloc(size_t number, size_t size);

// By its inner name: dlsym itself asks for memory in this way.
void *calloc(size_t number, size_t size) {
  atomic_fetch_add(&count, 1);
  void *block = __libc_calloc(number, size);
  take(block);
  return block;
}

void *realloc(void *old, size_t size) {
  static void *(*next)(void *, size_t);
  if (!next) next = dlsym(RTLD_NEXT, "realloc");
  atomic_fetch_add(&count, 1);
  give(old);
  void *block = next(old, size);
  take(block);
  return block;
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  static int (*next)(void **, size_t, size_t);
  if (!next) next = dlsym(RTLD_NEXT, "posix_memalign");
  atomic_fetch_add(&count, 1);
  int status = next(out, alignment, size);
  if (status == 0) take(*out);
  return status;
}

void free(void *block) {
  static void (*next)(void *);
  if (!next) next = dlsym(RTLD_NEXT, "free");
  give(block);
  next(block);
}

__attribute__((destructor)) static void report(void) {
  fprintf(stderr, "allocations %ld\nmost bytes %ld\n", atomic_load(&count), atomic_load(&most));
}
