#pragma once

#include <span>

#include "store/migration.h"

namespace stetig::tracking {

/// The tables of tracking, in order (generated from migrations/*.sql).
std::span<const store::Migration> Migrations();

}  // namespace stetig::tracking
