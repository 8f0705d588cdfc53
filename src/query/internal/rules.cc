#include "query/internal/rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "query/internal/attributes.h"

namespace stetig::query::internal {
namespace {

Failure Refuse(std::string message) { return Err(Code::kInvalidArgument, std::move(message)); }

bool IsQuoted(std::string_view text) {
  return text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
         text.back() == text.front();
}

std::string_view Unquote(std::string_view text, char quote) {
  return text.size() >= 2 && text.front() == quote && text.back() == quote
             ? text.substr(1, text.size() - 2)
             : text;
}

constexpr std::array<std::string_view, 2> kMetricNames = {"metric", "metrics"};
constexpr std::array<std::string_view, 4> kParamNames = {"parameter", "parameters", "param",
                                                         "params"};
constexpr std::array<std::string_view, 2> kTagNames = {"tag", "tags"};
constexpr std::array<std::string_view, 4> kAttributeNames = {"attribute", "attributes", "attr",
                                                             "run"};
constexpr std::array<std::string_view, 2> kDatasetNames = {"dataset", "datasets"};

bool OneOf(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<Entity> EntityOfRuns(std::string_view word) {
  const std::string_view name = Unquote(word, '`');
  if (OneOf(kMetricNames, name)) return Entity::kMetric;
  if (OneOf(kParamNames, name)) return Entity::kParam;
  if (OneOf(kTagNames, name)) return Entity::kTag;
  if (OneOf(kAttributeNames, name)) return Entity::kAttribute;
  if (OneOf(kDatasetNames, name)) return Entity::kDataset;
  return Refuse(
      fmt::format("Invalid entity type '{}'. Valid values are ['metric', 'parameter', 'tag', "
                  "'attribute', 'dataset']",
                  name));
}

Result<Entity> EntityOf(std::string_view word, Subject subject) {
  if (subject == Subject::kRuns) return EntityOfRuns(word);
  if (subject == Subject::kLoggedModels) {
    if (word == "attributes") return Entity::kAttribute;
    if (word == "metrics") return Entity::kMetric;
    if (word == "params") return Entity::kParam;
    if (word == "tags") return Entity::kTag;
    return Refuse(fmt::format(
        "Invalid entity type: '{}'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
        word));
  }
  if (word == "attribute") return Entity::kAttribute;
  if (OneOf(kTagNames, word)) return Entity::kTag;
  return Refuse(fmt::format(
      "Invalid entity type '{}'. Valid entity types are ('attribute', 'tag', 'tags')", word));
}

std::string ValidKeys(Subject subject, Use use) {
  std::vector<std::string> names;
  for (const Attribute& attribute : AttributesOf(subject)) {
    if (use == Use::kFilter ? attribute.filter : attribute.order)
      names.push_back(fmt::format("'{}'", attribute.name));
  }
  return fmt::format("{{{}}}", fmt::join(names, ", "));
}

// MLflow's word for an entity in messages about runs and tags.
std::string_view EntityWord(Entity entity) {
  switch (entity) {
    case Entity::kAttribute:
      return "attribute";
    case Entity::kMetric:
      return "metric";
    case Entity::kParam:
      return "parameter";
    case Entity::kTag:
      return "tag";
    case Entity::kDataset:
      return "dataset";
  }
  return "";
}

bool IsNumeric(const Field& field, Subject subject) {
  return field.entity == Entity::kMetric ||
         (field.entity == Entity::kAttribute && IsNumericAttribute(subject, field.key));
}

std::string AsWritten(const RightSide& right) {
  return right.is_list ? right.list_text : std::string(right.token.text);
}

Operand NumberOf(const Token& token) {
  const char* end = token.text.data() + token.text.size();
  if (IsInteger(token)) {
    int64_t integer = 0;
    if (const auto [at, error] = std::from_chars(token.text.data(), end, integer);
        error == std::errc() && at == end)
      return integer;
  }
  double real = 0;
  const auto [at, error] = std::from_chars(token.text.data(), end, real);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small for a double: infinite or zero compares as the exact number would.
    const bool tiny = token.text.find_first_of("eE") != std::string_view::npos &&
                      token.text.find("e-") != std::string_view::npos;
    const bool negative = token.text.front() == '-';
    real = tiny || token.text.find("E-") != std::string_view::npos
               ? 0
               : (negative ? -HUGE_VAL : HUGE_VAL);
  }
  return real;
}

Result<Operand> CheckList(const Field& field, const RightSide& right, Subject subject) {
  const bool dataset = field.entity == Entity::kDataset;
  const bool logged_model_text = subject == Subject::kLoggedModels;
  const Attribute* attribute =
      field.entity == Entity::kAttribute ? FindAttribute(subject, field.key) : nullptr;
  if (!dataset && !logged_model_text && field.entity != Entity::kAttribute) {
    return Refuse(
        fmt::format("Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
                    EntityWord(field.entity), right.list_text));
  }
  if (attribute != nullptr && !attribute->list) {
    std::vector<std::string> keys;
    for (const Attribute& other : AttributesOf(subject)) {
      if (other.list) keys.push_back(fmt::format("'{}'", other.name));
    }
    return Refuse(
        fmt::format("Only [{}] attributes support comparison with a list of quoted string values.",
                    fmt::join(keys, ", ")));
  }
  if (!right.list_is_texts) {
    return Refuse(
        fmt::format("While parsing a list in the query, expected string value, punctuation, or "
                    "whitespace, but got different type in list: {}",
                    right.list_text));
  }
  if (right.list.empty())
    return Refuse(
        "While parsing a list in the query, expected a non-empty list of string values, but got "
        "empty list");
  return right.list;
}

// MLflow's own names of the times of logged models.
std::string KeyInMessages(const Field& field, Subject subject) {
  const bool time = subject == Subject::kLoggedModels && field.entity == Entity::kAttribute &&
                    IsNumericAttribute(subject, field.key);
  return time ? field.key + "_ms" : field.key;
}

// Versions may be written as texts: MLflow puts them through int().
Result<Operand> VersionOfText(const Field& field, std::string_view quoted) {
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  if (const auto number = ParseInt64(Trim(text))) return Operand(*number);
  return Refuse(fmt::format("Invalid value for numeric attribute '{}': '{}'", field.key, text));
}

Result<Operand> CheckNumber(const Field& field, const RightSide& right, Subject subject) {
  if (right.is_list || right.token.kind != Token::Kind::kNumber) {
    if (subject == Subject::kLoggedModels) {
      return Refuse(fmt::format("Invalid value for {}.{}: {}. Expected a number.",
                                field.entity == Entity::kMetric ? "metrics" : "attributes",
                                KeyInMessages(field, subject), AsWritten(right)));
    }
    if (field.entity == Entity::kMetric)
      return Refuse(
          fmt::format("Expected numeric value type for metric. Found {}", AsWritten(right)));
    if (subject == Subject::kModelVersions && right.is_list)
      return CheckList(field, right, subject);
    if (subject == Subject::kModelVersions && IsQuoted(right.token.text))
      return VersionOfText(field, right.token.text);
    return Refuse(fmt::format("Expected numeric value type for numeric attribute: {}. Found {}",
                              field.key, AsWritten(right)));
  }
  if (field.entity == Entity::kAttribute && !IsInteger(right.token)) {
    if (subject == Subject::kExperiments)
      return Refuse(fmt::format("Invalid value for numeric attribute '{}': '{}'", field.key,
                                right.token.text));
    if (subject == Subject::kModelVersions)
      return Refuse(
          fmt::format("Invalid value for numeric attribute '{}': {}", field.key, right.token.text));
  }
  return NumberOf(right.token);
}

}  // namespace

Result<Field> ParseField(std::string_view text, Subject subject, Use use) {
  Field field;
  if (subject == Subject::kRecords) {
    field.key = Unquote(Unquote(text, '"'), '`');
    return field;
  }
  std::string_view key = text;
  if (const size_t dot = text.find('.'); dot != std::string_view::npos) {
    ASSIGN_OR_RETURN(field.entity, EntityOf(text.substr(0, dot), subject));
    key = text.substr(dot + 1);
  }
  key = Unquote(key, '\'').size() != key.size() ? Unquote(key, '\'') : Unquote(key, '"');
  key = Unquote(key, '`');
  field.key = key;
  if (field.entity == Entity::kAttribute) {
    const Attribute* attribute = FindAttribute(subject, key);
    if (attribute == nullptr || !(use == Use::kFilter ? attribute->filter : attribute->order)) {
      return Refuse(fmt::format("Invalid attribute key '{}' specified. Valid keys are '{}'", key,
                                ValidKeys(subject, use)));
    }
    field.key = attribute->canonical;
  } else if (field.entity == Entity::kDataset && key != "name" && key != "digest" &&
             key != "context") {
    return Refuse(fmt::format(
        "Invalid dataset key '{}' specified. Valid keys are '{{'name', 'digest', 'context'}}'",
        key));
  }
  return field;
}

Result<Field> ParseOrderKey(std::string_view text, bool one_word, Subject subject) {
  if (subject == Subject::kRegisteredModels) {
    // MLflow takes quotes off only where a direction follows.
    const std::string_view key = one_word ? text : Unquote(Unquote(text, '`'), '"');
    const Attribute* attribute = FindAttribute(subject, key);
    if (attribute == nullptr || !attribute->order)
      return Refuse(fmt::format("Invalid order by key '{}' specified. Valid keys are '{}'", key,
                                ValidKeys(subject, Use::kOrder)));
    return Field{.key = std::string(attribute->canonical)};
  }
  ASSIGN_OR_RETURN(Field field, ParseField(text, subject, Use::kOrder));
  if (subject == Subject::kModelVersions && field.entity == Entity::kTag) {
    // MLflow looks at the key alone: tags.name is the name.
    const Attribute* attribute = FindAttribute(subject, field.key);
    if (attribute == nullptr || !attribute->order)
      return Refuse(fmt::format("Invalid order by key '{}' specified. Valid keys are {}", field.key,
                                ValidKeys(subject, Use::kOrder)));
    return Field{.key = std::string(attribute->canonical)};
  }
  return field;
}

Result<Field> ParseOrderAttribute(std::string_view name) {
  const Attribute* attribute = FindAttribute(Subject::kLoggedModels, name);
  if (attribute == nullptr) return Refuse(fmt::format("Invalid order by field name: {}", name));
  return Field{.key = std::string(attribute->canonical)};
}

Result<Operand> CheckOperand(const Field& field, const RightSide& right, Subject subject) {
  if (subject == Subject::kRecords && right.is_list) {
    if (right.list_is_texts && !right.list.empty()) return Operand(right.list);
    return Refuse(
        fmt::format("field '{}' is compared with the list {}, expected one or more quoted texts "
                    "such as ('a', 'b')",
                    FirstCodePoints(field.key, 80), FirstCodePoints(right.list_text, 80)));
  }
  if (subject == Subject::kRecords && right.token.kind == Token::Kind::kNumber) {
    return NumberOf(right.token);
  }
  if (IsNumeric(field, subject)) return CheckNumber(field, right, subject);
  if (right.is_list) return CheckList(field, right, subject);
  const std::string_view text = right.token.text;
  if (right.token.kind == Token::Kind::kText) return std::string(text.substr(1, text.size() - 2));
  if (right.token.kind == Token::Kind::kField) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
      return std::string(text.substr(1, text.size() - 2));
    return Refuse(
        fmt::format("Parameter value is either not quoted or unidentified quote types used for "
                    "string value {}. "
                    "Use either single or double quotes.",
                    text));
  }
  if (subject == Subject::kLoggedModels && right.token.kind == Token::Kind::kNumber)
    return std::string(text);
  if (field.entity == Entity::kDataset)
    return Refuse(
        fmt::format("Expected a quoted string value for dataset attributes. Got value {}", text));
  if (field.entity == Entity::kAttribute) {
    if (subject == Subject::kModelVersions && right.token.kind == Token::Kind::kNumber) {
      return Refuse(
          "Only the '{'version_number', 'creation_timestamp', 'last_updated_timestamp'}' "
          "attributes support comparison with numeric values.");
    }
    const bool list = subject == Subject::kRegisteredModels || subject == Subject::kModelVersions;
    return Refuse(fmt::format("Expected a quoted string value {}for attributes. Got value {}",
                              list ? "or a list of quoted string values " : "", text));
  }
  return Refuse(fmt::format("Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
                            EntityWord(field.entity), text));
}

namespace {

constexpr std::array<std::pair<std::string_view, Operator>, 12> kOperators = {{
    {"=", Operator::kEqual},
    {"!=", Operator::kNotEqual},
    {"<", Operator::kLess},
    {"<=", Operator::kLessEqual},
    {">", Operator::kGreater},
    {">=", Operator::kGreaterEqual},
    {"LIKE", Operator::kLike},
    {"ILIKE", Operator::kILike},
    {"IN", Operator::kIn},
    {"NOT IN", Operator::kNotIn},
    {"IS NULL", Operator::kIsNull},
    {"IS NOT NULL", Operator::kIsNotNull},
}};

std::span<const std::string_view> LegalOperators(const Field& field, Subject subject) {
  static constexpr std::array<std::string_view, 6> kNumbers = {">", ">=", "!=", "=", "<", "<="};
  static constexpr std::array<std::string_view, 4> kTexts = {"!=", "=", "LIKE", "ILIKE"};
  static constexpr std::array<std::string_view, 6> kTextsAndNull = {
      "!=", "=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"};
  static constexpr std::array<std::string_view, 6> kTextsAndLists = {"!=",    "=",  "LIKE",
                                                                     "ILIKE", "IN", "NOT IN"};
  static constexpr std::array<std::string_view, 4> kIds = {"=", "!=", "IN", "NOT IN"};
  if (IsNumeric(field, subject)) return kNumbers;
  if (subject == Subject::kLoggedModels || field.entity == Entity::kDataset) return kTextsAndLists;
  if (field.entity == Entity::kAttribute) {
    if (subject == Subject::kExperiments)
      return field.key == "experiment_id" ? std::span<const std::string_view>(kIds) : kTexts;
    return kTextsAndLists;
  }
  return subject == Subject::kRuns || subject == Subject::kExperiments
             ? std::span<const std::string_view>(kTextsAndNull)
             : kTexts;
}

Failure RefuseOperator(const Field& field, std::string_view text, Subject subject,
                       std::span<const std::string_view> legal) {
  const bool numeric = IsNumeric(field, subject);
  switch (subject) {
    case Subject::kRuns:
      return Refuse(fmt::format("Invalid comparator '{}' not one of '{{'{}'}}'", text,
                                fmt::join(legal, "', '")));
    case Subject::kExperiments:
      if (field.entity == Entity::kTag)
        return Refuse(fmt::format("Invalid comparator for tag: {}", text));
      if (field.key == "experiment_id")
        return Refuse(fmt::format("Invalid comparator for experiment_id: {}", text));
      // The missing quote is MLflow's.
      return Refuse(fmt::format(
          "Invalid comparator '{}' not one of '{{'!=', '=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}}{}",
          text, numeric ? "" : "'"));
    case Subject::kLoggedModels: {
      const std::string_view word = field.entity == Entity::kMetric  ? "metrics"
                                    : field.entity == Entity::kParam ? "params"
                                    : field.entity == Entity::kTag   ? "tags"
                                                                     : "attributes";
      return Refuse(
          fmt::format("Invalid comparison operator for {}.{}: '{}'. Expected one of ({}).", word,
                      KeyInMessages(field, subject), text,
                      numeric ? "'<', '<=', '>', '>=', '=', '!='"
                              : "'=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'"));
    }
    case Subject::kRegisteredModels:
    case Subject::kModelVersions:
    case Subject::kRecords:
      break;
  }
  if (field.entity == Entity::kTag)
    return Refuse(fmt::format("Invalid comparator for tag: {}", text));
  if (numeric)
    return Refuse(fmt::format("Invalid comparator for attribute {}: {}", field.key, text));
  return Refuse(fmt::format("Invalid comparator for attribute: {}", text));
}

}  // namespace

Result<Operator> CheckOperator(const Field& field, std::string_view text, Subject subject) {
  if (subject == Subject::kRecords) {
    const auto known =
        std::ranges::find(kOperators, text, &std::pair<std::string_view, Operator>::first);
    if (known != kOperators.end()) return known->second;
  }
  const std::span<const std::string_view> legal = LegalOperators(field, subject);
  if (!OneOf(legal, text)) return RefuseOperator(field, text, subject, legal);
  for (const auto& [name, op] : kOperators) {
    if (name == text) return op;
  }
  return Refuse(fmt::format("Invalid comparator '{}'", text));
}

}  // namespace stetig::query::internal

namespace stetig::query {

std::string_view OperatorText(Operator op) {
  for (const auto& [name, value] : internal::kOperators) {
    if (value == op) return name;
  }
  return "";
}

}  // namespace stetig::query
