// SQLite's own interface, beside the store: what an intruder has who can write to the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct sqlite3;

namespace stetig::store::testing {

/// A connection to a database file. A call that SQLite refuses is a failed CHECK, but for Set.
class RawDatabase {
 public:
  explicit RawDatabase(const std::string& path);
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase();

  struct Cell {
    int type = 0;       ///< SQLITE_INTEGER, …
    std::string bytes;  ///< as they are; of an integer its 8; of a NULL none
  };
  /// All rows of a query.
  std::vector<std::vector<Cell>> Query(const std::string& sql);
  /// Runs an UPDATE of one row with `cell` as ?1. False: it changed none, or a constraint forbids
  /// it.
  bool Set(const std::string& sql, const Cell& cell);
  /// `cell` is an integer.
  static int64_t IntOf(const Cell& cell);

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace stetig::store::testing
