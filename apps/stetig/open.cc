#include "open.h"

#include <fmt/format.h>

#include <filesystem>

#include "access/migrations.h"
#include "base/secret.h"
#include "connect/migrations.h"
#include "io/file.h"
#include "journal/migrations.h"
#include "planning/migrations.h"
#include "registry/migrations.h"
#include "trace/migrations.h"
#include "tracking/migrations.h"

namespace stetig::app {
namespace {

constexpr std::string_view kSqlite = "sqlite://";

}  // namespace

std::string StoreUrl(const UpOptions& options) {
  if (!options.store.empty()) {
    return options.store;
  }
  return std::string(kSqlite) +
         (std::filesystem::absolute(options.data) / "stetig.db").lexically_normal().string();
}

bool IsEmbedded(const UpOptions& options) { return StoreUrl(options).starts_with(kSqlite); }

std::string WithoutPassword(const std::string& url) {
  std::string shown = url;
  const size_t scheme = shown.find("://");
  if (scheme != std::string::npos) {
    const size_t begin = scheme + 3;
    const size_t end = std::min(shown.find('/', begin), shown.size());
    // The last '@' ends the user part: a password that was not escaped may hold one.
    const size_t at = shown.rfind('@', end);
    const size_t colon = shown.find(':', begin);
    if (at != std::string::npos && at > begin && colon < at) {
      shown.replace(colon + 1, at - colon - 1, kHiddenSecret);
    }
  }
  constexpr std::string_view kParameter = "password=";
  for (size_t at = shown.find(kParameter); at != std::string::npos;
       at = shown.find(kParameter, at + 1)) {
    const size_t begin = at + kParameter.size();
    const size_t end = std::min(shown.find_first_of("&#", begin), shown.size());
    shown.replace(begin, end - begin, kHiddenSecret);
  }
  return shown;
}

Status MakeDataFolder(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).lexically_normal().string();
  Status made = io::Env::System().MakeFolders(folder);
  if (!made.ok()) {
    return Err(Code::kPermissionDenied,
               fmt::format("the data folder {} cannot be made: {}", path, made.message()));
  }
  return OkStatus();
}

std::string JournalKeyPath(const UpOptions& options) {
  return (std::filesystem::absolute(options.data) / "journal.key").lexically_normal().string();
}

std::vector<store::Migration> AllMigrations() {
  std::vector<store::Migration> all;
  for (auto module :
       {journal::Migrations(), access::Migrations(), planning::Migrations(), trace::Migrations(),
        tracking::Migrations(), registry::Migrations(), connect::Migrations()}) {
    all.insert(all.end(), module.begin(), module.end());
  }
  return all;
}

Result<std::unique_ptr<store::Database>> OpenStore(const UpOptions& options) {
  store::DatabaseOptions database;
  database.readers = static_cast<int>(options.readers);
  ASSIGN_OR_RETURN(std::unique_ptr<store::Database> db, store::Open(StoreUrl(options), database));
  TRY(db->Migrate(AllMigrations()));
  return db;
}

Result<std::unique_ptr<store::Database>> OpenStoreBeside(const UpOptions& options) {
  if (options.store.empty()) {
    TRY(MakeDataFolder(options.data));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<store::Database> db,
                   store::Open(StoreUrl(options), {.readers = 1, .exclusive = false}));
  const std::vector<store::Migration> all = AllMigrations();
  ASSIGN_OR_RETURN(const std::vector<std::string> pending, store::PendingMigrations(*db, all));
  if (pending.size() == all.size()) {
    TRY(db->Migrate(all));
  } else if (!pending.empty()) {
    return Err(Code::kFailedPrecondition,
               fmt::format("the store lacks {} schema changes of this executable, the first is {}: "
                           "start this version's server once",
                           pending.size(), pending.front()));
  }
  return db;
}

}  // namespace stetig::app
