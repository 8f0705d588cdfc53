#include "base/json_value.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace stetig::json {
namespace {

/// A copy whose objects, at all levels, are sorted by name. UTF-8 sorts by bytes as by code points.
Value Sorted(const Value& value) {
  if (const Array* array = value.AsArray()) {
    Array sorted;
    sorted.reserve(array->size());
    std::ranges::transform(*array, std::back_inserter(sorted), Sorted);
    return sorted;
  }
  if (const Object* object = value.AsObject()) {
    Object sorted;
    sorted.reserve(object->size());
    for (const auto& [name, member] : *object) {
      sorted.emplace_back(name, Sorted(member));
    }
    std::ranges::sort(sorted, {}, &Member::first);
    return sorted;
  }
  return value;
}

}  // namespace

std::string_view KindName(Kind kind) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "null", "boolean", "number", "string", "array", "object", "invalid token"};
  return kNames.at(static_cast<size_t>(kind));
}

Kind Value::kind() const {
  static constexpr std::array kKinds = {Kind::kNull,   Kind::kBool,  Kind::kNumber, Kind::kNumber,
                                        Kind::kString, Kind::kArray, Kind::kObject};
  return kKinds.at(data_.index());
}

const Value* Value::Find(std::string_view name) const {
  const Object* object = AsObject();
  if (object == nullptr) {
    return nullptr;
  }
  auto it = std::ranges::find(*object, name, &Member::first);
  return it == object->end() ? nullptr : &it->second;
}

void Value::Set(std::string_view name, Value value) {
  if (IsNull()) {
    data_ = Object();
  }
  Object* object = AsObject();
  CHECK(object != nullptr);
  auto it = std::ranges::find(*object, name, &Member::first);
  if (it == object->end()) {
    object->emplace_back(std::string(name), std::move(value));
  } else {
    it->second = std::move(value);
  }
}

Result<Value> Parse(std::string_view text, const Limits& limits, bool nan_literals) {
  ASSIGN_OR_RETURN(Document document, Document::Parse(std::string(text), limits, nan_literals));
  ASSIGN_OR_RETURN(Value value, document.root().Tree());
  TRY(document.Finish());
  return value;
}

std::string Dump(const Value& value, DumpOptions options) {
  std::string out;
  JsonWriter writer(&out, {.non_finite = NonFinite::kBare, .ascii = options.ascii});
  writer.Tree(options.sort_keys ? Sorted(value) : value);
  return out;
}

}  // namespace stetig::json
