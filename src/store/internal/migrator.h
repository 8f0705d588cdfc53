// Applies schema changes; the same for both stores.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "store/migration.h"

namespace stetig::store {

/// The statements of a migration's text in one dialect, as migration.h describes.
std::vector<std::string> StatementsOf(std::string_view sql, Dialect dialect);

/// See Database::Migrate. Each migration is one write of `db`.
Status RunMigrations(Database& db, std::span<const Migration> migrations);

}  // namespace stetig::store
