// The database as every command opens it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server.h"
#include "store/database.h"

namespace stetig::app {

/// The database URL that the options mean.
std::string StoreUrl(const UpOptions& options);
/// A database URL as people and logs may see it: "***" stands for the password.
std::string WithoutPassword(const std::string& url);
/// Whether the store is a file rather than a server's.
bool IsEmbedded(const UpOptions& options);

/// Makes the data folder, readable by its owner alone. kPermissionDenied.
Status MakeDataFolder(const std::string& path);

/// The file of the key that signs the journal's checkpoints.
std::string JournalKeyPath(const UpOptions& options);

/// Every module's schema changes.
std::vector<store::Migration> AllMigrations();

/// Opens the store for the server and brings its schema up to date.
Result<std::unique_ptr<store::Database>> OpenStore(const UpOptions& options);

/// Opens the store for a command, also beside a running server. An empty store gets its schema;
/// kFailedPrecondition: the schema is another one than this executable's.
Result<std::unique_ptr<store::Database>> OpenStoreBeside(const UpOptions& options);

}  // namespace stetig::app
