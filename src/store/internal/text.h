// Which texts both stores take.
#pragma once

#include <string_view>

#include "base/status.h"
#include "store/database.h"

namespace stetig::store {

/// kInvalidArgument when a text among `params` is not UTF-8 or holds NUL: PostgreSQL takes neither,
/// so SQLite may not either.
Status CheckTexts(Params params);

}  // namespace stetig::store
