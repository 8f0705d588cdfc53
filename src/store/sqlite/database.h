// The embedded store: one SQLite file.
//
// Threads: one writer, up to `readers` readers started when needed, one for checkpoints started
// when needed. Memory: the page caches, 8 MiB for the writer and 2 MiB for each reader at most,
// filled by use; readers besides map up to 256 MiB of the file, which the kernel takes back when it
// needs the memory.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "store/database.h"

namespace stetig::store::sqlite {

/// See store::Open. `path` is absolute. Takes the lock `path`.lock for as long as the database is
/// open, unless options.exclusive is off.
Result<std::unique_ptr<Database>> OpenFile(const std::string& path, const DatabaseOptions& options);

}  // namespace stetig::store::sqlite
