#include "planning/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/digest.h"
#include "base/text.h"
#include "planning/criteria.h"

namespace stetig::planning {
namespace {

constexpr size_t kMaxUser = 128;

Failure Wrong(std::string_view field, std::string_view found, std::string_view expected) {
  return Err(Code::kInvalidArgument,
             fmt::format("field '{}' is {}, expected {}", field, found, expected), "invalid_field");
}

/// What was found, short enough for a message.
std::string Shown(const json::Value& value) {
  constexpr size_t kMost = 80;
  std::string text = json::Dump(value);
  if (CodePoints(text) <= kMost) return text;
  return std::string(FirstCodePoints(text, kMost)) + "…";
}

/// Control characters of ASCII and Latin-1 and Unicode's own line breaks: what does not stay on one
/// line, or is not seen.
bool HasControls(std::string_view text) {
  while (const auto point = TakeCodePoint(text)) {
    if (*point < 0x20 || (*point >= 0x7F && *point < 0xA0)) return true;
    if (*point == 0x2028 || *point == 0x2029) return true;
  }
  return !text.empty();  // no UTF-8
}

Status CheckLine(std::string_view field, const json::Value& value, size_t most) {
  const std::string* text = value.AsString();
  if (text == nullptr) return Wrong(field, Shown(value), "a string");
  if (CodePoints(*text) > most) {
    return Wrong(field, fmt::format("{} characters long", CodePoints(*text)),
                 fmt::format("at most {}", most));
  }
  if (HasControls(*text)) return Wrong(field, Shown(value), "one line without control characters");
  return OkStatus();
}

Status CheckMarkdown(std::string_view field, const json::Value& value) {
  const std::string* text = value.AsString();
  if (text == nullptr) return Wrong(field, Shown(value), "a string");
  if (text->size() > kMaxMarkdown) {
    return Wrong(field, fmt::format("{} bytes long", text->size()),
                 fmt::format("at most {}", kMaxMarkdown));
  }
  if (text->contains('\0')) return Wrong(field, "a text with a NUL", "text");
  return OkStatus();
}

Status CheckTexts(const FieldDef& field, const json::Value& value) {
  const json::Array* list = value.AsArray();
  if (list == nullptr) return Wrong(field.name, Shown(value), "an array of strings");
  if (list->size() > kMaxTexts) {
    return Wrong(field.name, fmt::format("a list of {}", list->size()),
                 fmt::format("at most {}", kMaxTexts));
  }
  for (const json::Value& element : *list) {
    TRY(CheckLine(field.name, element, kMaxLine));
    if (field.type != FieldType::kCriteria) continue;
    if (const auto criterion = ParseCriterion(*element.AsString()); !criterion) {
      return Err(Code::kInvalidArgument,
                 fmt::format("field '{}': {}", field.name, criterion.error().message()),
                 "invalid_field");
    }
  }
  return OkStatus();
}

/// What is wrong with a value inside an object; empty: nothing. JSON's escapes can bring in what
/// neither store can hold, and what nests deeper could not be read again.
std::string_view FaultInside(const json::Value& value, int depth) {
  if (depth > kMaxObjectDepth) return "nested deeper";
  if (const std::string* text = value.AsString()) {
    return text->contains('\0') ? "an object with a NUL" : "";
  }
  if (const double* number = value.AsDouble()) {
    return std::isfinite(*number) ? "" : "an object with a number that is not finite";
  }
  std::string_view fault;
  if (const json::Array* array = value.AsArray()) {
    for (const json::Value& element : *array) {
      if (fault = FaultInside(element, depth + 1); !fault.empty()) break;
    }
  } else if (const json::Object* object = value.AsObject()) {
    for (const auto& [name, member] : *object) {
      fault = name.contains('\0') ? "an object with a NUL" : FaultInside(member, depth + 1);
      if (!fault.empty()) break;
    }
  }
  return fault;
}

Status CheckObject(std::string_view field, const json::Value& value) {
  if (value.AsObject() == nullptr) return Wrong(field, Shown(value), "an object");
  if (const std::string_view fault = FaultInside(value, 1); !fault.empty()) {
    return Wrong(field, fault,
                 fmt::format("finite numbers and texts without NUL, at most {} levels deep",
                             kMaxObjectDepth));
  }
  const std::string text = json::Dump(value);
  if (text.size() > kMaxObject) {
    return Wrong(field, fmt::format("{} bytes long", text.size()),
                 fmt::format("at most {}", kMaxObject));
  }
  return OkStatus();
}

/// Brings a value into its canonical form.
Result<json::Value> CheckTime(std::string_view field, const json::Value& value) {
  constexpr std::string_view kExpected =
      "milliseconds since 1970 or a time like 2026-11-27T08:00:00Z";
  if (const int64_t* ms = value.AsInt64(); ms != nullptr && *ms >= 0) return value;
  if (const std::string* text = value.AsString()) {
    if (const auto time = ParseIso8601(*text); time && time->ms >= 0) return json::Value(time->ms);
  }
  return Wrong(field, Shown(value), kExpected);
}

Status CheckRange(const FieldDef& field, double number, const json::Value& value) {
  if (number >= field.least && number <= field.most) return OkStatus();
  const bool open = std::isinf(field.most);
  return Wrong(field.name, Shown(value),
               open ? fmt::format("{} or more", field.least)
                    : fmt::format("{} to {}", field.least, field.most));
}

Result<json::Value> CheckValue(const FieldDef& field, const json::Value& value) {
  switch (field.type) {
    case FieldType::kText:
      TRY(CheckLine(field.name, value, kMaxLine));
      return value;
    case FieldType::kUser:
      TRY(CheckLine(field.name, value, kMaxUser));
      return value;
    case FieldType::kMarkdown:
      TRY(CheckMarkdown(field.name, value));
      return value;
    case FieldType::kChoice: {
      const std::string* text = value.AsString();
      if (text == nullptr || std::ranges::find(field.choices, *text) == field.choices.end()) {
        return Wrong(field.name, Shown(value),
                     fmt::format("one of {}", fmt::join(field.choices, ", ")));
      }
      return value;
    }
    case FieldType::kInteger:
      if (value.AsInt64() == nullptr) return Wrong(field.name, Shown(value), "an integer");
      TRY(CheckRange(field, static_cast<double>(*value.AsInt64()), value));
      return value;
    case FieldType::kNumber: {
      const int64_t* integer = value.AsInt64();
      const double* number = value.AsDouble();
      if (integer == nullptr && (number == nullptr || !std::isfinite(*number))) {
        return Wrong(field.name, Shown(value), "a finite number");
      }
      const double real = integer != nullptr ? static_cast<double>(*integer) : *number;
      TRY(CheckRange(field, real, value));
      return json::Value(real);
    }
    case FieldType::kFlag:
      if (value.AsBool() == nullptr) return Wrong(field.name, Shown(value), "true or false");
      return value;
    case FieldType::kDate: {
      const std::string* text = value.AsString();
      if (text == nullptr || text->size() != 10 || !ParseIso8601(*text)) {
        return Wrong(field.name, Shown(value), "a day like \"2026-11-27\"");
      }
      return value;
    }
    case FieldType::kTime:
      return CheckTime(field.name, value);
    case FieldType::kTexts:
    case FieldType::kCriteria:
      TRY(CheckTexts(field, value));
      return value;
    case FieldType::kObject:
      TRY(CheckObject(field.name, value));
      return value;
  }
  return value;
}

Failure UnknownField(const KindDef& kind, std::string_view name) {
  std::vector<std::string_view> known = {"title", "owner", "status"};
  for (const FieldDef& field : kind.fields) {
    if (field.access != Access::kRead) known.push_back(field.name);
  }
  return Err(Code::kInvalidArgument,
             fmt::format("a {} has no field '{}' that can be set, expected some of {}", kind.name,
                         FirstCodePoints(name, 80), fmt::join(known, ", ")),
             "unknown_field");
}

Status SetTitle(const KindDef& kind, const json::Value& value, Content& content) {
  TRY(CheckLine("title", value, kMaxLine));
  if (Trim(*value.AsString()).empty()) {
    return Wrong("title", "empty", fmt::format("the name of the {}", kind.name));
  }
  content.title = *value.AsString();
  return OkStatus();
}

Status SetStatus(const KindDef& kind, const json::Value& value, Content& content) {
  const std::string* text = value.AsString();
  if (text == nullptr || std::ranges::find(kind.statuses, *text) == kind.statuses.end()) {
    return Wrong("status", Shown(value), fmt::format("one of {}", fmt::join(kind.statuses, ", ")));
  }
  content.status = *text;
  return OkStatus();
}

/// Keeps the order of the kind's table.
void Put(const KindDef& kind, std::string_view name, json::Value value, json::Object& fields) {
  const auto place = [&kind](std::string_view field) {
    return kind.Find(field) - kind.fields.data();
  };
  const auto at = std::ranges::find_if(
      fields, [&](const json::Member& member) { return place(member.first) >= place(name); });
  const bool there = at != fields.end() && at->first == name;
  if (there && value.IsNull()) {
    fields.erase(at);
  } else if (there) {
    at->second = std::move(value);
  } else if (!value.IsNull()) {
    fields.emplace(at, std::string(name), std::move(value));
  }
}

Status Set(const KindDef& kind, bool creating, const json::Member& member, Content& content) {
  const auto& [name, value] = member;
  if (name == "title") return SetTitle(kind, value, content);
  if (name == "status") return SetStatus(kind, value, content);
  if (name == "owner") {
    if (value.IsNull()) {
      content.owner.clear();
      return OkStatus();
    }
    TRY(CheckLine(name, value, kMaxUser));
    content.owner = *value.AsString();
    return OkStatus();
  }
  const FieldDef* field = kind.Find(name);
  if (field == nullptr || field->access == Access::kRead) return UnknownField(kind, name);
  if (!creating && field->access == Access::kOnCreate) {
    return Wrong(name, "given again", fmt::format("to be set with the {} only", kind.name));
  }
  if (value.IsNull()) {
    if (field->required) return Wrong(name, "null", "a value");
    Put(kind, name, field->initial.empty() ? json::Value() : json::Value(field->initial),
        content.fields);
    return OkStatus();
  }
  ASSIGN_OR_RETURN(json::Value checked, CheckValue(*field, value));
  const std::string* text = checked.AsString();
  if (field->required && text != nullptr && Trim(*text).empty())
    return Wrong(name, "empty", "a value");
  Put(kind, name, std::move(checked), content.fields);
  return OkStatus();
}

}  // namespace

Result<Content> NewContent(const KindDef& kind, const json::Object& values) {
  Content content;
  content.status = kind.statuses.front();
  for (const FieldDef& field : kind.fields) {
    if (!field.initial.empty()) Put(kind, field.name, field.initial, content.fields);
  }
  for (const json::Member& member : values) {
    const bool unset =
        member.second.IsNull() && (member.first == "title" || member.first == "status");
    if (!unset) TRY(Set(kind, /*creating=*/true, member, content));
  }
  if (content.title.empty()) {
    return Wrong("title", "missing", fmt::format("the name of the {}", kind.name));
  }
  for (const FieldDef& field : kind.fields) {
    const bool there =
        std::ranges::find(content.fields, field.name, &json::Member::first) != content.fields.end();
    if (field.required && !there) return Wrong(field.name, "missing", field.doc);
  }
  return content;
}

Result<Content> Patched(const KindDef& kind, Content content, const json::Object& changes) {
  for (const json::Member& member : changes) TRY(Set(kind, /*creating=*/false, member, content));
  return content;
}

std::string FingerprintOf(const KindDef& kind, const Content& content) {
  json::Object document = {{"title", content.title}};
  for (const auto& [name, value] : content.fields) {
    if (kind.Find(name)->versioned) document.emplace_back(name, value);
  }
  return ToHex(Sha256(json::DumpSorted(json::Value(std::move(document)))));
}

bool MayMove(const KindDef& kind, std::string_view from, std::string_view to) {
  return from == to || std::ranges::any_of(kind.transitions, [&](const Transition& move) {
           return (move.from == "*" || move.from == from) && (move.to == "*" || move.to == to);
         });
}

bool IsProjectKey(std::string_view text) {
  const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  return text.size() >= 2 && text.size() <= 16 && letter(text.front()) &&
         std::ranges::all_of(
             text, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace stetig::planning
