// SQLite's declarations, and the one binding whose destructor is a macro that Swift cannot see.
#pragma once
#include <sqlite3.h>

/// Binds a copy of `count` bytes of UTF-8.
static inline int weir_bind_text(sqlite3_stmt *statement, int place, const char *text, int count) {
  return sqlite3_bind_text(statement, place, text, count, SQLITE_TRANSIENT);
}
