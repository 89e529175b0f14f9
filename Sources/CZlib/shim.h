// zlib's declarations, and the one initialiser that Swift cannot see because it is a macro.
#pragma once
#include <zlib.h>

/// Starts `stream` for gzip or zlib input, told apart by its header.
static inline int weir_inflate_start(z_streamp stream) {
  return inflateInit2(stream, 15 + 32);
}
