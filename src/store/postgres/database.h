// The store on a PostgreSQL server (14 or newer, UTF-8). Several processes may use one database: an
// advisory lock keeps their group transactions apart, so that there is one writer at a time as on
// SQLite.
//
// Threads: one writer, up to `readers` readers, each with a connection; no server-side pooler that
// shares connections between transactions may stand in between.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "store/database.h"

namespace stetig::store::postgres {

/// See store::Open. Connects once, so that a wrong URL is found at start.
Result<std::unique_ptr<Database>> OpenUrl(const std::string& url, const DatabaseOptions& options);

}  // namespace stetig::store::postgres
