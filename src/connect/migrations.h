// The schema of connect, embedded from migrations/.
#pragma once

#include <span>

#include "store/migration.h"

namespace stetig::connect {

std::span<const store::Migration> Migrations();

}  // namespace stetig::connect
