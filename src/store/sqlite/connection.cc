#include "store/sqlite/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include "base/check.h"
#include "store/internal/text.h"

namespace stetig::store::sqlite {
namespace {

// How many steps of SQLite's machine pass between two looks at the clock: about a millisecond.
constexpr int kProgressSteps = 20'000;

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement)
      : statement_(statement), columns_(sqlite3_data_count(statement)) {}

  bool IsNull(int column) const override {
    return sqlite3_column_type(statement_, Checked(column)) == SQLITE_NULL;
  }
  int64_t Int(int column) const override {
    return sqlite3_column_int64(statement_, Checked(column));
  }
  double Real(int column) const override {
    if (sqlite3_column_type(statement_, Checked(column)) == SQLITE_NULL) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    return sqlite3_column_double(statement_, column);
  }
  std::string_view Text(int column) const override {
    const auto* text =
        reinterpret_cast<const char*>(sqlite3_column_text(statement_, Checked(column)));
    return text == nullptr
               ? std::string_view()
               : std::string_view(text,
                                  static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
  }
  std::span<const std::byte> Bytes(int column) const override {
    const auto* bytes =
        static_cast<const std::byte*>(sqlite3_column_blob(statement_, Checked(column)));
    return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  int Checked(int column) const {
    CHECK(column >= 0 && column < columns_);
    return column;
  }

  sqlite3_stmt* statement_;
  int columns_;
};

int BindOne(sqlite3_stmt* statement, int index, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return sqlite3_bind_null(statement, index);
    case Value::Kind::kInt:
      return sqlite3_bind_int64(statement, index, value.AsInt());
    case Value::Kind::kReal:
      return sqlite3_bind_double(statement, index, value.AsReal());
    case Value::Kind::kText: {
      const std::string_view text = value.AsText();
      return sqlite3_bind_text64(statement, index, text.data() == nullptr ? "" : text.data(),
                                 text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    case Value::Kind::kBytes: {
      const auto bytes = value.AsBytes();
      return bytes.empty()
                 ? sqlite3_bind_zeroblob(statement, index, 0)
                 : sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
    }
  }
  return SQLITE_MISUSE;
}

Code CodeOfConstraint(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return Code::kAlreadyExists;
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_DATATYPE:
      return Code::kInvalidArgument;
    default:
      return Code::kFailedPrecondition;
  }
}

Code CodeOf(sqlite3* db, int extended) {
  switch (extended & 0xff) {
    case SQLITE_CONSTRAINT:
      return CodeOfConstraint(extended);
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return Code::kInvalidArgument;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return Code::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kDataLoss;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::kFailedPrecondition;
    case SQLITE_INTERRUPT:
      return Code::kDeadlineExceeded;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
      return Code::kUnavailable;
    case SQLITE_IOERR: {
      if (extended == SQLITE_IOERR_CORRUPTFS || extended == SQLITE_IOERR_DATA) {
        return Code::kDataLoss;
      }
      const int error = sqlite3_system_errno(db);
      return error == ENOSPC || error == EDQUOT || error == EFBIG ? Code::kResourceExhausted
                                                                  : Code::kUnavailable;
    }
    default:
      return Code::kInternal;
  }
}

}  // namespace

Status ErrorOf(sqlite3* db, int rc) {
  const int extended = sqlite3_extended_errcode(db);
  const Code code = CodeOf(db, (extended & 0xff) == (rc & 0xff) ? extended : rc);
  switch (code) {
    case Code::kResourceExhausted:
      return (rc & 0xff) == SQLITE_NOMEM
                 ? Err(code, "the database ran out of memory", detail::kOutOfMemory)
                 : Err(code, fmt::format("the database cannot grow: {}", sqlite3_errmsg(db)),
                       detail::kDiskFull);
    case Code::kDataLoss:
      return Err(code, fmt::format("the database file is damaged: {}", sqlite3_errmsg(db)));
    case Code::kDeadlineExceeded:
      return Err(code, "the query ran until its deadline");
    case Code::kFailedPrecondition:
      return (rc & 0xff) == SQLITE_CONSTRAINT
                 ? Err(code, sqlite3_errmsg(db))
                 : Err(code, "the database is read-only", detail::kReadOnly);
    default:
      return Err(code, sqlite3_errmsg(db));
  }
}

Result<Prepared> Prepared::Make(sqlite3* db, std::string_view sql) {
  // To SQLite "$12" is a name, which it looks for among all others, so that long lists cost the
  // square of their length; "?12" is a number. Literals hold no '$' before a digit (statement.cc).
  std::string numbered(sql);
  for (size_t i = 0; i + 1 < numbered.size(); ++i) {
    if (numbered[i] == '$' && numbered[i + 1] >= '0' && numbered[i + 1] <= '9') {
      numbered[i] = '?';
    }
  }
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int rc = sqlite3_prepare_v3(db, numbered.data(), static_cast<int>(numbered.size()),
                                    SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  Prepared prepared;
  prepared.statement_.reset(raw);
  if (rc != SQLITE_OK) {
    return Err(ErrorOf(db, rc));
  }
  CHECK(raw != nullptr);
  prepared.width_ = static_cast<size_t>(sqlite3_bind_parameter_count(raw));
  return prepared;
}

Status Prepared::Bind(Params params) {
  if (params.size() != width_) {
    return Err(Code::kInternal,
               fmt::format("a statement of {} parameters got {}", width_, params.size()));
  }
  for (size_t i = 0; i < width_; ++i) {
    const int rc = BindOne(statement_.get(), static_cast<int>(i) + 1, params[i]);
    if (rc != SQLITE_OK) {
      return ErrorOf(sqlite3_db_handle(statement_.get()), rc);
    }
  }
  return OkStatus();
}

Status Prepared::Run(Params params, std::move_only_function<Status(const Row&)>* on_row) {
  TRY(CheckTexts(params));
  TRY(Bind(params));
  sqlite3_stmt* statement = statement_.get();
  Status status;
  int rc = SQLITE_ROW;
  while (status.ok() && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
    status = on_row == nullptr
                 ? Status(Code::kInternal, "a statement that should yield no rows yielded one")
                 : (*on_row)(SqliteRow(statement));
  }
  if (status.ok() && rc != SQLITE_DONE) {
    status = ErrorOf(sqlite3_db_handle(statement), rc);
  }
  sqlite3_reset(statement);
  return status;
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path,
                                                     const ConnectionOptions& options) {
  sqlite3* raw = nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(raw));
  if (rc != SQLITE_OK) {
    return Err(Code::kUnavailable,
               fmt::format("the database file cannot be opened: {}", sqlite3_errstr(rc)));
  }
  sqlite3_busy_timeout(raw, 5'000);
  sqlite3_progress_handler(raw, kProgressSteps, &Connection::OnProgress, connection.get());
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  const std::string cache = fmt::format("PRAGMA cache_size=-{}", options.cache_kib);
  const std::string mapped = fmt::format("PRAGMA mmap_size={}", options.mapped_bytes);
  for (const char* pragma : {"PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON",
                             "PRAGMA temp_store=MEMORY", cache.c_str(), mapped.c_str()}) {
    TRY(connection->Execute(pragma));
  }
  return connection;
}

Connection::~Connection() {
  by_text_.clear();
  texts_.clear();
  statements_.clear();
  sqlite3_close(db_);
}

int Connection::OnProgress(void* self) {
  const Deadline deadline = static_cast<Connection*>(self)->deadline_;
  return deadline != Deadline::max() && std::chrono::steady_clock::now() >= deadline ? 1 : 0;
}

Result<Prepared*> Connection::Prepare(const Statement& statement) {
  if (const auto found = statements_.find(&statement); found != statements_.end()) {
    return &found->second;
  }
  ASSIGN_OR_RETURN(Prepared prepared, Prepared::Make(db_, statement.text(Dialect::kSqlite)));
  return &statements_.emplace(&statement, std::move(prepared)).first->second;
}

Result<Prepared*> Connection::Prepare(const SqlBuilder& sql) {
  if (const auto found = by_text_.find(sql.text()); found != by_text_.end()) {
    texts_.splice(texts_.begin(), texts_, found->second);
    return &texts_.front().prepared;
  }
  ASSIGN_OR_RETURN(Prepared prepared, Prepared::Make(db_, sql.text()));
  texts_.push_front({std::string(sql.text()), std::move(prepared)});
  by_text_.emplace(texts_.front().text, texts_.begin());
  if (texts_.size() > kCachedTexts) {
    by_text_.erase(texts_.back().text);
    texts_.pop_back();
  }
  return &texts_.front().prepared;
}

Status Connection::Execute(const char* sql) {
  const int rc = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  return rc == SQLITE_OK ? OkStatus() : ErrorOf(db_, rc);
}

Result<int64_t> Connection::QueryInt(const char* sql) {
  ASSIGN_OR_RETURN(Prepared prepared, Prepared::Make(db_, sql));
  int64_t answer = 0;
  std::move_only_function<Status(const Row&)> on_row = [&](const Row& row) {
    answer = row.Int(0);
    return OkStatus();
  };
  TRY(prepared.Run({}, &on_row));
  return answer;
}

Result<std::string> Connection::QueryText(const char* sql) {
  ASSIGN_OR_RETURN(Prepared prepared, Prepared::Make(db_, sql));
  std::string answer;
  std::move_only_function<Status(const Row&)> on_row = [&](const Row& row) {
    answer = row.Text(0);
    return OkStatus();
  };
  TRY(prepared.Run({}, &on_row));
  return answer;
}

}  // namespace stetig::store::sqlite
