// The schema of access, embedded from migrations/.
#pragma once

#include <span>

#include "store/migration.h"

namespace stetig::access {

std::span<const store::Migration> Migrations();

}  // namespace stetig::access
