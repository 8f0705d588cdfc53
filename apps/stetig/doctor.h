// `stetig doctor`: looks at everything that `stetig up` needs and names the command that mends what
// is wrong.
#pragma once

#include "settings.h"

namespace stetig::app {

/// Prints the settings with the places they come from, then one line per check. Changes nothing and
/// may run beside a server. 0: all well, possibly with warnings; 1: something would stop the
/// server.
int Doctor(const UpOptions& options, const Loaded& loaded, bool json);

}  // namespace stetig::app
