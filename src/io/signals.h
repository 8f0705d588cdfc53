// Signals that end the program, as something to wait for instead of something that interrupts.
#pragma once

#include <string_view>

namespace stetig::io {

/// Call first in main, before any thread starts: SIGTERM and SIGINT then only come through
/// WaitForStopSignal; SIGPIPE and SIGXFSZ (a file beyond the limit of its size) never: the call
/// that meets them fails instead.
void HoldStopSignals();

/// Blocks until SIGTERM or SIGINT arrives and names it.
std::string_view WaitForStopSignal();

/// Makes WaitForStopSignal return as if SIGTERM had come. From any thread.
void RaiseStopSignal();

/// From now on a second SIGTERM or SIGINT ends the program at once.
void ReleaseStopSignals();

}  // namespace stetig::io
