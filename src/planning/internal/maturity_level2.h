// Part of the table of maturity boxes.
#pragma once

#include <span>

#include "planning/maturity_rules.h"

namespace stetig::planning::internal {

std::span<const BoxDef> BoxesOfLevel2();

}  // namespace stetig::planning::internal
