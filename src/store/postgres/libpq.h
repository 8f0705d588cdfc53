// Whether libpq is installed; libpq.cc has its functions.
#pragma once

namespace stetig::store::postgres {

/// Loads libpq.so.5, once. False: this machine has none, and no function of libpq-fe.h may be
/// called. Thread-safe.
bool LibpqIsThere();

}  // namespace stetig::store::postgres
