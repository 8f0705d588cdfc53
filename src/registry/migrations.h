// The schema of the registry, embedded from migrations/.
#pragma once

#include <span>

#include "store/migration.h"

namespace stetig::registry {

std::span<const store::Migration> Migrations();

}  // namespace stetig::registry
