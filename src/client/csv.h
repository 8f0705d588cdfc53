// Comma-separated values (RFC 4180): quoted cells may hold commas, quotes and line ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace stetig::client {

struct CsvRow {
  size_t line = 0;  ///< where it begins, from 1
  std::vector<std::string> cells;
};

/// The rows of a text, empty lines left out; a byte order mark is skipped, CR LF and LF both end a
/// row. kInvalidArgument names the line: a quote that is not closed, or text behind a closing
/// quote.
Result<std::vector<CsvRow>> ParseCsv(std::string_view text);

}  // namespace stetig::client
