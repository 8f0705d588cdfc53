#include "store/testing/raw_sqlite.h"

#include <sqlite3.h>

#include <cstring>

#include "base/check.h"

namespace stetig::store::testing {

RawDatabase::RawDatabase(const std::string& path) {
  CHECK(sqlite3_open(path.c_str(), &db_) == SQLITE_OK);
  sqlite3_busy_timeout(db_, 5'000);
}

RawDatabase::~RawDatabase() { sqlite3_close(db_); }

std::vector<std::vector<RawDatabase::Cell>> RawDatabase::Query(const std::string& sql) {
  std::vector<std::vector<Cell>> rows;
  sqlite3_stmt* query = nullptr;
  CHECK(sqlite3_prepare_v2(db_, sql.c_str(), -1, &query, nullptr) == SQLITE_OK);
  while (sqlite3_step(query) == SQLITE_ROW) {
    rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(query); ++i) {
      Cell cell{.type = sqlite3_column_type(query, i), .bytes = {}};
      if (cell.type == SQLITE_INTEGER) {
        const int64_t value = sqlite3_column_int64(query, i);
        cell.bytes.assign(reinterpret_cast<const char*>(&value), sizeof value);
      } else if (const void* blob = sqlite3_column_blob(query, i)) {
        const auto size = static_cast<size_t>(sqlite3_column_bytes(query, i));
        cell.bytes.assign(static_cast<const char*>(blob), size);
      }
      rows.back().push_back(std::move(cell));
    }
  }
  sqlite3_finalize(query);
  return rows;
}

bool RawDatabase::Set(const std::string& sql, const Cell& cell) {
  sqlite3_stmt* update = nullptr;
  CHECK(sqlite3_prepare_v2(db_, sql.c_str(), -1, &update, nullptr) == SQLITE_OK);
  const int size = static_cast<int>(cell.bytes.size());
  if (cell.type == SQLITE_INTEGER) {
    sqlite3_bind_int64(update, 1, IntOf(cell));
  } else if (cell.type == SQLITE_TEXT) {
    sqlite3_bind_text(update, 1, cell.bytes.data(), size, SQLITE_TRANSIENT);
  } else {
    sqlite3_bind_blob(update, 1, cell.bytes.data(), size, SQLITE_TRANSIENT);
  }
  const int done = sqlite3_step(update);
  sqlite3_finalize(update);
  return done == SQLITE_DONE && sqlite3_changes(db_) == 1;
}

int64_t RawDatabase::IntOf(const Cell& cell) {
  int64_t value = 0;
  CHECK(cell.bytes.size() == sizeof value);
  std::memcpy(&value, cell.bytes.data(), sizeof value);
  return value;
}

}  // namespace stetig::store::testing
