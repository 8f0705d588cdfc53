#include "store/database.h"

#include "store/postgres/database.h"
#include "store/sqlite/database.h"

namespace stetig::store {

Result<std::unique_ptr<Database>> Open(std::string_view url, const DatabaseOptions& options) {
  constexpr std::string_view kSqlite = "sqlite://";
  if (url.starts_with(kSqlite)) {
    const std::string_view path = url.substr(kSqlite.size());
    if (!path.starts_with('/')) {
      return Err(
          Code::kInvalidArgument,
          "a SQLite store is named by an absolute path, as in sqlite:///var/lib/stetig/stetig.db");
    }
    return sqlite::OpenFile(std::string(path), options);
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return postgres::OpenUrl(std::string(url), options);
  }
  return Err(Code::kInvalidArgument,
             "unknown store, expected sqlite:///path or postgresql://user@host/database");
}

}  // namespace stetig::store
