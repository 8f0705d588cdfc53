// One SQLite connection: prepared statements, typed binds, results as Status. Thin: what it does
// not need of SQLite is absent.
#pragma once

#include <sqlite3.h>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "store/database.h"

namespace stetig::store::sqlite {

/// A prepared statement that resets itself after use. Parameters $1, $2, … may appear in any order
/// and more than once.
class Prepared {
 public:
  static Result<Prepared> Make(sqlite3* db, std::string_view sql);

  /// Runs the statement with `params`, calling `on_row` for each row (null: rows are an error of
  /// ours, kInternal).
  Status Run(Params params, std::move_only_function<Status(const Row&)>* on_row);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Status Bind(Params params);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  size_t width_ = 0;  ///< how many params the text asks for
};

/// Options of a connection. Memory of its own stays within `cache_kib` plus what one statement
/// needs.
struct ConnectionOptions {
  bool read_only = false;
  int cache_kib = 2'048;
  int64_t mapped_bytes = 0;  ///< how much of the file is read through a mapping, which the kernel
                             ///< may take back at any time
};

/// A connection, used by one thread at a time; opened without SQLite's mutexes.
class Connection {
 public:
  /// Opens an existing file and sets what every connection of stetig's needs.
  static Result<std::unique_ptr<Connection>> Open(const std::string& path,
                                                  const ConnectionOptions& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// From the cache, by the statement's address or the text of a SqlBuilder (the `kCachedTexts`
  /// last used). Valid until the next call.
  Result<Prepared*> Prepare(const Statement& statement);
  Result<Prepared*> Prepare(const SqlBuilder& sql);

  /// Runs one text without parameters that yields no rows.
  Status Execute(const char* sql);
  /// The first column of the first row as a number.
  Result<int64_t> QueryInt(const char* sql);
  /// The first column of the first row as text.
  Result<std::string> QueryText(const char* sql);

  /// Statements that still run at `deadline` end with kDeadlineExceeded.
  void SetDeadline(Deadline deadline) { deadline_ = deadline; }

  sqlite3* raw() const { return db_; }

 private:
  static constexpr size_t kCachedTexts = 64;
  struct CachedText {
    std::string text;
    Prepared prepared;
  };

  explicit Connection(sqlite3* db) : db_(db) {}
  static int OnProgress(void* self);

  sqlite3* db_;
  Deadline deadline_ = Deadline::max();
  std::unordered_map<const Statement*, Prepared> statements_;
  std::list<CachedText> texts_;  ///< most recently used first
  std::unordered_map<std::string_view, std::list<CachedText>::iterator> by_text_;
};

/// The Status for the error that `db` has just had with result code `rc`.
Status ErrorOf(sqlite3* db, int rc);

}  // namespace stetig::store::sqlite
