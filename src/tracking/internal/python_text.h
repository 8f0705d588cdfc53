// Texts as Python prints them: MLflow's error messages are made of them, and scripts match on
// those. Single texts: query/names.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json_value.h"

namespace stetig::tracking {

/// `repr(value)` of a float: 1.0, 1e-07, nan, inf.
std::string PythonFloat(double value);
/// `repr(list)` of texts.
std::string PythonList(std::span<const std::string> items);

/// `json.dumps(value)`: blanks after commas and colons, ASCII.
std::string PythonDump(const json::Value& value);

}  // namespace stetig::tracking
