// Names for runs and models that nobody named.
#pragma once

#include <string>

namespace stetig::tracking {

/// An adjective, an animal and a number up to 1000, e.g. "polite-fish-881"; at most 20 characters.
/// Thread-safe.
std::string GenerateName();

}  // namespace stetig::tracking
