// How readers of reports say what is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace stetig::reports {

/// "line 3: MESSAGE", kInvalidArgument, detail kMalformedReport.
Status Malformed(int64_t line, std::string_view message);
/// "MESSAGE", the same.
Status Malformed(std::string message);
/// kResourceExhausted: a report over kMaxFile.
Status TooLarge(size_t bytes);
/// A text out of a report for a message: at most 60 characters of valid UTF-8, without control
/// characters.
std::string Quoted(std::string_view text);

/// A count of hits: digits, perhaps many, perhaps with a minus (gcc's counters can overflow) or a
/// fraction or exponent. Whether it is above zero; nothing: it is no such number.
std::optional<bool> IsHit(std::string_view text);

}  // namespace stetig::reports
