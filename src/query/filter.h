// The filter language of every search: MLflow's comparisons joined by AND, plus OR, NOT and
// parentheses. Grammar, rules per subject and error texts; no SQL. Grammar (keywords in any case;
// AND binds stronger than OR, NOT stronger than AND; leading, trailing, doubled and missing ANDs
// are tolerated, as in MLflow):
//
//   or      = and { "OR" and }
//   and     = { "AND" } not { { "AND" } not } { "AND" }
//   not     = "NOT" not | "(" or ")" | clause
//   clause  = field op value | field [ "NOT" ] "IN" "(" text { "," text } [ "," ] ")" | field "IS"
//   [ "NOT" ] "NULL" field   = [ entity "." ] key            key: word with dots, "double quoted"
//   or `backticked` value   = number | 'text' | "text"      no escapes inside quotes
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace stetig::query {

/// What is searched; decides which entities, keys, operators and values are legal.
enum class Subject : unsigned char {
  kRuns,
  kExperiments,
  kRegisteredModels,
  kModelVersions,
  kLoggedModels,
  kRecords  ///< of stetig's own API; see records.h, which knows their fields
};

enum class Entity : unsigned char { kAttribute, kMetric, kParam, kTag, kDataset };

/// A field with its key in canonical form: `created` becomes start_time, `Run name` run_name,
/// `creation_time` of a logged model creation_timestamp.
struct Field {
  Entity entity = Entity::kAttribute;
  std::string key;
  friend bool operator==(const Field&, const Field&) = default;
};

enum class Operator : unsigned char {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kLike,
  kILike,
  kIn,
  kNotIn,
  kIsNull,
  kIsNotNull
};

/// What a clause compares with. Metrics and numeric attributes carry int64_t or double (the literal
/// was an integer that fits, or not); texts std::string; IN and NOT IN a list that is not empty; IS
/// [NOT] NULL nothing.
using Operand =
    std::variant<std::monostate, int64_t, double, std::string, std::vector<std::string>>;

struct Clause {
  Field field;
  Operator op = Operator::kEqual;
  Operand value;
  friend bool operator==(const Clause&, const Clause&) = default;
};

/// A tree: kAnd and kOr have two children or more, kNot one, kClause none.
struct Node {
  enum class Kind : unsigned char { kAnd, kOr, kNot, kClause };
  Kind kind = Kind::kClause;
  std::vector<Node> children;
  Clause clause;
  friend bool operator==(const Node&, const Node&) = default;
};

/// No value: everything matches.
using Filter = std::optional<Node>;

/// Named limits, so that a filter costs bounded time and stack: beyond them kInvalidArgument names
/// the limit.
inline constexpr size_t kMaxFilterBytes = 64 * 1024;
inline constexpr size_t kMaxClauses = 256;
inline constexpr size_t kMaxDepth = 32;  ///< parentheses and NOTs inside each other
inline constexpr size_t kMaxListValues = 10'000;

/// Parses and checks. An empty text gives no filter. kInvalidArgument with MLflow's words where
/// scripts may match them.
Result<Filter> ParseFilter(std::string_view text, Subject subject);

/// A text that parses to the same tree. CHECKs that each text value can be written (it does not
/// hold both kinds of quotes).
std::string Print(const Node& node);

/// A comparator as it is written: "!=", "NOT IN".
std::string_view OperatorText(Operator op);

/// True when the attribute holds a number (times, version numbers).
bool IsNumericAttribute(Subject subject, std::string_view key);

}  // namespace stetig::query
