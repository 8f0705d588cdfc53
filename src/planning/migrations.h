// The schema of planning, embedded from migrations/.
#pragma once

#include <span>

#include "store/migration.h"

namespace stetig::planning {

std::span<const store::Migration> Migrations();

}  // namespace stetig::planning
