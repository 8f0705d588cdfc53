// floor-sqlite PORT FILE ROWS: all requests of one epoll round are ROWS rows each of one synced WAL
// transaction.
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "floors/epoll_server.h"

namespace {

void Check(int rc, sqlite3* db) {
  if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW) {
    std::fprintf(stderr, "floor_sqlite: %s\n", sqlite3_errmsg(db));
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: floor_sqlite PORT FILE ROWS\n");
    return 2;
  }
  sqlite3* db = nullptr;
  Check(sqlite3_open(argv[2], &db), db);
  Check(sqlite3_exec(
            db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS points "
            "(id INTEGER PRIMARY KEY, run TEXT, key TEXT, value REAL, time INTEGER, step INTEGER) "
            "STRICT",
            nullptr, nullptr, nullptr),
        db);
  sqlite3_stmt* insert = nullptr;
  sqlite3_stmt* begin = nullptr;
  sqlite3_stmt* commit = nullptr;
  Check(sqlite3_prepare_v2(db,
                           "INSERT INTO points (run, key, value, time, step) VALUES (?1, 'loss', "
                           "0.5, 1700000000000, ?2)",
                           -1, &insert, nullptr),
        db);
  Check(sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, nullptr), db);
  Check(sqlite3_prepare_v2(db, "COMMIT", -1, &commit, nullptr), db);
  auto run = [&](sqlite3_stmt* statement) {
    Check(sqlite3_step(statement), db);
    sqlite3_reset(statement);
  };
  const int rows = std::atoi(argv[3]);
  const std::string answer = floors::Answer("{}");
  int64_t step = 0;
  floors::Serve(static_cast<uint16_t>(std::atoi(argv[1])),
                [&](const std::vector<floors::Request>& requests) -> const std::string& {
                  run(begin);
                  for (size_t i = 0; i < requests.size(); ++i) {
                    for (int row = 0; row < rows; ++row) {
                      sqlite3_bind_text(insert, 1, "0123456789abcdef0123456789abcdef", 32,
                                        SQLITE_STATIC);
                      sqlite3_bind_int64(insert, 2, ++step);
                      run(insert);
                    }
                  }
                  run(commit);
                  return answer;
                });
}
