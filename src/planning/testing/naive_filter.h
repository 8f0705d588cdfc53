// What a filter means, written as plainly as possible: the measure of lists. Three-valued, as SQL:
// a comparison with a value that is not there is neither true nor false.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/text.h"
#include "planning/types.h"
#include "query/filter.h"

namespace stetig::planning::testing {

using NaiveValue = std::variant<std::monostate, long double, std::string>;
using NaiveRecord = std::map<std::string, NaiveValue>;

/// Lists and objects are compared as their compact JSON.
inline NaiveRecord NaiveOf(const Record& record) {
  const auto number = [](int64_t value) { return NaiveValue(static_cast<long double>(value)); };
  NaiveRecord values = {
      {"id", record.id},
      {"project", record.project},
      {"number", number(record.number)},
      {"title", record.title},
      {"status", record.status},
      {"owner", record.owner},
      {"version", number(record.version)},
      {"revision", number(record.revision)},
      {"created_at", number(record.created.ms)},
      {"created_by", record.created_by},
      {"updated_at", number(record.updated.ms)},
      {"updated_by", record.updated_by},
  };
  for (const auto& [name, value] : record.fields) {
    if (const auto* integer = value.AsInt64()) {
      values[name] = number(*integer);
    } else if (const auto* real = value.AsDouble()) {
      values[name] = static_cast<long double>(*real);
    } else if (const auto* text = value.AsString()) {
      values[name] = *text;
    } else {
      values[name] = json::Dump(value);
    }
  }
  return values;
}

/// `%` any run, `_` one code point, nothing else; by trying everything.
inline bool NaiveLike(std::string_view text, std::string_view pattern, bool fold) {
  if (pattern.empty()) return text.empty();
  const size_t point = text.empty() ? 0 : text.size() - [&] {
    std::string_view rest = text;
    TakeCodePoint(rest);
    return rest.size();
  }();
  if (pattern.front() == '%') {
    return NaiveLike(text, pattern.substr(1), fold) ||
           (point > 0 && NaiveLike(text.substr(point), pattern, fold));
  }
  if (text.empty()) return false;
  if (pattern.front() == '_') return NaiveLike(text.substr(point), pattern.substr(1), fold);
  const bool same = fold ? AsciiLower(text.front()) == AsciiLower(pattern.front())
                         : text.front() == pattern.front();
  return same && NaiveLike(text.substr(1), pattern.substr(1), fold);
}

template <class T>
bool NaiveCompare(query::Operator op, const T& a, const T& b) {
  using enum query::Operator;
  switch (op) {
    case kEqual:
      return a == b;
    case kNotEqual:
      return a != b;
    case kLess:
      return a < b;
    case kLessEqual:
      return a <= b;
    case kGreater:
      return a > b;
    case kGreaterEqual:
      return a >= b;
    default:
      return false;
  }
}

inline std::optional<bool> NaiveClause(const NaiveRecord& record, const query::Clause& clause) {
  using enum query::Operator;
  const auto found = record.find(clause.field.key);
  const bool there = found != record.end();
  if (clause.op == kIsNull) return !there;
  if (clause.op == kIsNotNull) return there;
  if (!there) return std::nullopt;
  if (const auto* number = std::get_if<long double>(&found->second)) {
    const auto* integer = std::get_if<int64_t>(&clause.value);
    const long double other = integer != nullptr
                                  ? static_cast<long double>(*integer)
                                  : static_cast<long double>(std::get<double>(clause.value));
    return NaiveCompare(clause.op, *number, other);
  }
  const std::string& text = std::get<std::string>(found->second);
  if (const auto* list = std::get_if<std::vector<std::string>>(&clause.value)) {
    return (std::ranges::find(*list, text) != list->end()) == (clause.op == kIn);
  }
  const std::string& other = std::get<std::string>(clause.value);
  if (clause.op == kLike || clause.op == kILike) {
    return NaiveLike(text, other, clause.op == kILike);
  }
  return NaiveCompare(clause.op, text, other);
}

/// Whether a list answers with the record: only if it is true.
inline std::optional<bool> NaiveMatch(const NaiveRecord& record, const query::Node& node) {
  using Kind = query::Node::Kind;
  if (node.kind == Kind::kClause) return NaiveClause(record, node.clause);
  if (node.kind == Kind::kNot) {
    const auto inner = NaiveMatch(record, node.children.front());
    return inner ? std::optional(!*inner) : std::nullopt;
  }
  const bool decisive = node.kind == Kind::kOr;
  std::optional<bool> result = !decisive;
  for (const query::Node& child : node.children) {
    const auto one = NaiveMatch(record, child);
    if (one == decisive) return decisive;
    if (!one) result = std::nullopt;
  }
  return result;
}

}  // namespace stetig::planning::testing
