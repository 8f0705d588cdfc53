#pragma once

#include <span>

#include "store/migration.h"

namespace stetig::journal {

/// The journal's tables, in order (generated from migrations/*.sql).
std::span<const store::Migration> Migrations();

}  // namespace stetig::journal
