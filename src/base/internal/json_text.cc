#include "base/internal/json_text.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace stetig::json::internal {
namespace {

bool EndsScalar(char c) {
  return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

std::optional<double> NanLiteral(const char* at) {
  static constexpr std::pair<std::string_view, double> kLiterals[] = {
      {"NaN", std::numeric_limits<double>::quiet_NaN()},
      {"Infinity", std::numeric_limits<double>::infinity()},
      {"-Infinity", -std::numeric_limits<double>::infinity()},
  };
  for (const auto& [name, value] : kLiterals) {
    // Padding makes a comparison of 9 bytes safe anywhere.
    if (std::string_view(at, name.size()) == name && EndsScalar(at[name.size()])) {
      return value;
    }
  }
  return std::nullopt;
}

std::string_view Token(std::string_view raw) {
  size_t last = raw.find_last_not_of(" \t\r\n");  // no other character is white space in JSON
  return raw.substr(0, last + 1);
}

bool IsNumber(std::string_view text) {
  auto digits = [&] {
    size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count > 0;
  };
  auto take = [&](std::string_view any_of) {
    bool there = !text.empty() && any_of.contains(text[0]);
    text.remove_prefix(there ? 1 : 0);
    return there;
  };
  take("-");
  if (!take("0") && !digits()) {
    return false;
  }
  if (take(".") && !digits()) {
    return false;
  }
  if (take("eE")) {
    take("+-");
    if (!digits()) {
      return false;
    }
  }
  return text.empty();
}

}  // namespace stetig::json::internal
