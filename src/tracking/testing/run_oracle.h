// Filters and orders of run searches, from a seed: as texts of the filter language, and as plain
// functions on runs that say what they mean.
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tracking/types.h"

namespace stetig::tracking::testing {

struct Condition {
  std::string text;
  std::function<bool(const Run&)> holds;
};
struct Ordering {
  std::string text;
  std::function<std::strong_ordering(const Run&, const Run&)> compare;
};

/// A field of runs that has a text, and one that has a number; none: the run lacks it.
struct TextField {
  std::string name;
  std::function<std::optional<std::string>(const Run&)> of;
  enum class Kind : unsigned char { kPlain, kNullable, kId };  ///< IS NULL, IN may be asked
  Kind kind = Kind::kPlain;
};
struct NumberField {
  std::string name;
  std::function<std::optional<double>(const Run&)> of;
};

inline std::optional<std::string> Find(const std::vector<KeyValue>& pairs, std::string_view key) {
  for (const KeyValue& pair : pairs) {
    if (pair.key == key) return pair.value;
  }
  return std::nullopt;
}

inline std::string StatusText(RunStatus status) {
  constexpr std::string_view kNames[] = {"",         "RUNNING", "SCHEDULED",
                                         "FINISHED", "FAILED",  "KILLED"};
  return std::string(kNames[static_cast<size_t>(status)]);
}

inline TextField Param(std::string key) {
  return {fmt::format("params.`{}`", key), [key](const Run& r) { return Find(r.params, key); },
          TextField::Kind::kNullable};
}
inline TextField Tag(std::string key) {
  return {fmt::format("tags.`{}`", key), [key](const Run& r) { return Find(r.tags, key); },
          TextField::Kind::kNullable};
}
inline NumberField LatestMetric(std::string key) {
  return {fmt::format("metrics.`{}`", key), [key](const Run& run) -> std::optional<double> {
            for (const Metric& metric : run.metrics) {
              if (metric.key == key) return metric.value;
            }
            return std::nullopt;
          }};
}
inline std::vector<TextField> TextAttributes() {
  return {{"attributes.status", [](const Run& r) { return StatusText(r.info.status); }},
          {"run_name", [](const Run& r) { return r.info.name; }},
          {"attr.user_id", [](const Run& r) { return r.info.user_id; }},
          {"attribute.run_id", [](const Run& r) { return r.info.run_id; }, TextField::Kind::kId}};
}
inline std::vector<NumberField> NumberAttributes() {
  return {{"start_time", [](const Run& r) { return static_cast<double>(r.info.start_time.ms); }},
          {"attributes.end_time", [](const Run& r) -> std::optional<double> {
             if (!r.info.end_time) return std::nullopt;
             return static_cast<double>(r.info.end_time->ms);
           }}};
}

/// LIKE by code points; ASCII letters are equal in both cases when `fold`.
inline bool Like(std::string_view text, std::string_view pattern, bool fold) {
  const auto lower = [&](char c) {
    return fold && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
  };
  const auto inside = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    return Like(text, pattern.substr(1), fold) ||
           (!text.empty() && Like(text.substr(1), pattern, fold));
  }
  if (text.empty()) return false;
  if (pattern[0] == '_') {
    size_t size = 1;
    while (size < text.size() && inside(text[size])) ++size;
    return Like(text.substr(size), pattern.substr(1), fold);
  }
  return lower(text[0]) == lower(pattern[0]) && Like(text.substr(1), pattern.substr(1), fold);
}

inline bool Compares(double left, std::string_view op, double right) {
  if (op == "=") return left == right;
  if (op == "!=") return left != right;  // also of NaN
  if (op == "<") return left < right;
  if (op == "<=") return left <= right;
  return op == ">" ? left > right : left >= right;
}

class QueryMaker {
 public:
  QueryMaker(uint64_t seed, std::vector<TextField> texts, std::vector<NumberField> numbers)
      : random_(seed), texts_(std::move(texts)), numbers_(std::move(numbers)) {}

  /// An id for filters to ask for.
  void Know(std::string id) { ids_.push_back(std::move(id)); }

  uint64_t Number(uint64_t below) { return random_() % below; }
  template <class T>
  T Any(std::initializer_list<T> items) {
    return items.begin()[Number(items.size())];
  }
  std::string Text() {
    return Any<std::string>({"", "a", "A", "ab", "aB", "b", "a*b", "a?b", "[a]", "a_b", "a%b", "10",
                             "9", "é", "Zé", "a\\b", "^a"});
  }

  /// A filter with at most `depth` levels of AND, OR and NOT.
  Condition Filter(int depth) {
    const uint64_t kind = depth == 0 ? 3 : Number(5);
    if (kind >= 3) return Number(2) == 0 ? NumberClause() : TextClause();
    const Condition left = Filter(depth - 1);
    if (kind == 2)
      return {fmt::format("NOT ({})", left.text), [left](const Run& r) { return !left.holds(r); }};
    const Condition right = Filter(depth - 1);
    if (kind == 1)
      return {fmt::format("({} OR {})", left.text, right.text),
              [=](const Run& r) { return left.holds(r) || right.holds(r); }};
    return {fmt::format("{} AND {}", left.text, right.text),
            [=](const Run& r) { return left.holds(r) && right.holds(r); }};
  }

  /// Up to three keys, none twice.
  std::vector<Ordering> Orders() {
    std::vector<Ordering> orders;
    for (uint64_t count = Number(4); count > 0; --count) {
      Ordering order = Number(2) == 0 ? OrderBy(texts_[Number(texts_.size())])
                                      : OrderBy(numbers_[Number(numbers_.size())]);
      const std::string name = order.text.substr(0, order.text.find(' '));
      const bool again = std::ranges::any_of(
          orders, [&](const Ordering& other) { return other.text.starts_with(name + " "); });
      if (!again) orders.push_back(std::move(order));
    }
    return orders;
  }

  /// Values first, then NaN, then runs without one, in both directions.
  template <class Field>
  Ordering OrderBy(const Field& field, std::optional<bool> direction = {}) {
    const bool ascending = direction.value_or(Number(2) == 0);
    const auto compare = [of = field.of, ascending](const Run& a, const Run& b) {
      const auto rank = [](const auto& value) {
        return !value ? 2 : (*value == *value ? 0 : 1);  // only NaN differs from itself
      };
      const auto left = of(a);
      const auto right = of(b);
      if (rank(left) != rank(right)) return rank(left) <=> rank(right);
      if (rank(left) != 0 || *left == *right) return std::strong_ordering::equal;
      return (*left < *right) == ascending ? std::strong_ordering::less
                                           : std::strong_ordering::greater;
    };
    return {field.name + (ascending ? " ASC" : " DESC"), compare};
  }

 private:
  Condition NumberClause() {
    const NumberField& field = numbers_[Number(numbers_.size())];
    const auto op = Any<std::string>({"=", "!=", "<", "<=", ">", ">="});
    const auto literal = Any<std::string>({"-1", "0", "0.5", "2", "1000", "1001", "1001.5"});
    return {fmt::format("{} {} {}", field.name, op, literal),
            [of = field.of, op, number = std::stod(literal)](const Run& run) {
              const std::optional<double> value = of(run);
              return value && Compares(*value, op, number);
            }};
  }
  Condition TextClause() {
    const TextField& field = texts_[Number(texts_.size())];
    if (field.kind == TextField::Kind::kId && Number(2) == 0) return ListClause(field);
    if (field.kind == TextField::Kind::kNullable && Number(4) == 0) return NullClause(field);
    const auto op = Any<std::string>({"=", "!=", "LIKE", "ILIKE"});
    const bool like = op.ends_with("LIKE");
    const std::string operand =
        like ? Any<std::string>({"%", "a%", "%b", "_", "a_b", "%*%", "%[a]%", "A%", "%B%", "", "F%",
                                 "%É", "%_é", "a\\%", "^%", "%a%b%", "fin%"})
             : Any<std::string>({Text(), Text(), "FINISHED", "RUNNING"});
    return {fmt::format("{} {} '{}'", field.name, op, operand),
            [of = field.of, op, operand, like](const Run& run) {
              const std::optional<std::string> text = of(run);
              if (!text) return false;
              if (like) return Like(*text, operand, op == "ILIKE");
              return (*text == operand) == (op == "=");
            }};
  }
  Condition NullClause(const TextField& field) {
    const bool null = Number(2) == 0;
    return {fmt::format("{} IS {}NULL", field.name, null ? "" : "NOT "),
            [of = field.of, null](const Run& run) { return of(run).has_value() != null; }};
  }
  Condition ListClause(const TextField& field) {
    const bool negated = Number(2) == 0;
    const std::vector<std::string> list = {Id(), "none", Id(), Id()};
    return {
        fmt::format("{} {} ('{}')", field.name, negated ? "NOT IN" : "IN", fmt::join(list, "', '")),
        [of = field.of, negated, list](const Run& run) {
          return (std::ranges::find(list, *of(run)) != list.end()) != negated;
        }};
  }
  std::string Id() { return ids_.empty() ? "x" : ids_[Number(ids_.size())]; }

  std::mt19937_64 random_;
  std::vector<TextField> texts_;
  std::vector<NumberField> numbers_;
  std::vector<std::string> ids_;
};

}  // namespace stetig::tracking::testing
