#include "api/mlflow/schema.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/text.h"

namespace stetig::api::mlflow {
namespace {

constexpr std::string_view kSeeDocs =
    " See the API docs for more information about request parameters.";

/// "run_id" for "runId"; the text itself when it has no capital.
std::string SnakeCase(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

const Field* FindField(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) {
      return &field;
    }
  }
  return nullptr;
}

template <class T>
std::optional<T>& Slot(const Field& field, void* message) {
  return *static_cast<std::optional<T>*>(field.slot(message));
}
/// EnumField<Names> has one member, whatever Names is.
std::optional<int>& EnumSlot(const Field& field, void* message) {
  return *static_cast<std::optional<int>*>(field.slot(message));
}
std::vector<std::string>& ListSlot(const Field& field, void* message) {
  return *static_cast<std::vector<std::string>*>(field.slot(message));
}

void Unset(const Field& field, void* message) {
  switch (field.type) {
    case Type::kString:
      Slot<std::string>(field, message).reset();
      break;
    case Type::kInt64:
      Slot<int64_t>(field, message).reset();
      break;
    case Type::kInt32:
      Slot<int32_t>(field, message).reset();
      break;
    case Type::kDouble:
      Slot<double>(field, message).reset();
      break;
    case Type::kBool:
      Slot<bool>(field, message).reset();
      break;
    case Type::kEnum:
      EnumSlot(field, message).reset();
      break;
    case Type::kStrings:
      ListSlot(field, message).clear();
      break;
    case Type::kMessage:
    case Type::kMessages:
      field.clear(field.slot(message));
      break;
  }
}

/// By name or number. Nothing when it is neither; an unknown name is unset unless the enum is
/// strict.
Status SetEnum(const Field& field, std::string_view text, void* message) {
  for (const EnumName& known : field.names) {
    if (known.name == text || std::to_string(known.number) == text) {
      EnumSlot(field, message) = known.number;
      return OkStatus();
    }
  }
  if (field.strict_names || ParseInt64(text)) {
    return Err(Code::kInvalidArgument, "unknown enum value");
  }
  EnumSlot(field, message).reset();
  return OkStatus();
}

/// Which fields were given under their own and under their camelCase name, one bit each.
struct Given {
  uint64_t plain = 0;
  uint64_t camel = 0;
};

Status ReadObject(json::Cursor cursor, std::span<const Field> fields, void* message);

Status ReadInt(json::Cursor value, const Field& field, void* message) {
  ASSIGN_OR_RETURN(int64_t number, value.Int64(json::IntForm::kNumberOrString));
  if (field.type == Type::kInt64) {
    Slot<int64_t>(field, message) = number;
    return OkStatus();
  }
  if (number < std::numeric_limits<int32_t>::min() ||
      number > std::numeric_limits<int32_t>::max()) {
    return Err(Code::kInvalidArgument, "out of range");
  }
  Slot<int32_t>(field, message) = static_cast<int32_t>(number);
  return OkStatus();
}

Status ReadDouble(json::Cursor value, const Field& field, void* message) {
  if (value.kind() == json::Kind::kBool) {  // protobuf's reader takes true for 1.0
    ASSIGN_OR_RETURN(bool flag, value.Bool());
    Slot<double>(field, message) = flag ? 1.0 : 0.0;
    return OkStatus();
  }
  ASSIGN_OR_RETURN(double number, value.Double(json::DoubleForm::kNumberOrString));
  Slot<double>(field, message) = number;
  return OkStatus();
}

Status ReadValue(json::Cursor value, const Field& field, void* message) {
  if (value.IsNull()) {
    Unset(field, message);
    return value.Skip();
  }
  switch (field.type) {
    case Type::kString: {
      ASSIGN_OR_RETURN(std::string_view text, value.String());
      Slot<std::string>(field, message).emplace(text);
      return OkStatus();
    }
    case Type::kInt64:
    case Type::kInt32:
      return ReadInt(value, field, message);
    case Type::kDouble:
      return ReadDouble(value, field, message);
    case Type::kBool: {
      ASSIGN_OR_RETURN(Slot<bool>(field, message), value.Bool());
      return OkStatus();
    }
    case Type::kEnum: {
      if (value.kind() == json::Kind::kString) {
        ASSIGN_OR_RETURN(std::string_view text, value.String());
        return SetEnum(field, text, message);
      }
      ASSIGN_OR_RETURN(int64_t number, value.Int64());
      return SetEnum(field, std::to_string(number), message);
    }
    case Type::kStrings: {
      ListSlot(field, message).clear();
      return value.ForEachElement([&](size_t, json::Cursor element) -> Status {
        ASSIGN_OR_RETURN(std::string_view text, element.String());
        ListSlot(field, message).emplace_back(text);
        return OkStatus();
      });
    }
    case Type::kMessage:
      return ReadObject(value, field.element, field.append(field.slot(message)));
    case Type::kMessages: {
      void* list = field.slot(message);
      field.clear(list);
      return value.ForEachElement([&](size_t, json::Cursor element) {
        return ReadObject(element, field.element, field.append(list));
      });
    }
  }
  return OkStatus();
}

/// Whether a required field, or its stand-in, has a value that is not "".
bool IsGiven(const Field& field, std::span<const Field> fields, const Given& given, void* message) {
  bool present = (given.plain & (uint64_t{1} << (&field - fields.data()))) != 0;
  if (present && field.type == Type::kString) {
    present = Slot<std::string>(field, message).has_value();
  }
  if (!present && !field.stand_in.empty()) {
    const Field* other = FindField(fields, field.stand_in);
    return other != nullptr && !Slot<std::string>(*other, message).value_or("").empty();
  }
  return present && (field.type != Type::kString || !Slot<std::string>(field, message)->empty());
}

/// Reads one object. Only says whether it fits: the caller finds the right words for what does not.
Status ReadObject(json::Cursor cursor, std::span<const Field> fields, void* message) {
  Given given;
  TRY(cursor.ForEachField([&](std::string_view key, json::Cursor value) -> Status {
    const Field* field = FindField(fields, key);
    bool camel = field == nullptr;
    if (camel) {
      field = FindField(fields, SnakeCase(key));
    }
    if (field == nullptr || (camel && field->required)) {
      return OkStatus();
    }
    if (!value.IsNull()) {  // null counts as left out
      (camel ? given.camel : given.plain) |= uint64_t{1} << (field - fields.data());
    }
    return ReadValue(value, *field, message);
  }));
  if ((given.plain & given.camel) != 0) {
    return Err(Code::kInvalidArgument, "a field is given under two names");
  }
  for (const Field& field : fields) {
    if (field.required && !IsGiven(field, fields, given, message)) {
      return Err(Code::kInvalidArgument, "a required field is missing");
    }
  }
  return OkStatus();
}

std::string_view PythonType(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::kBool:
      return "bool";
    case json::Kind::kNumber:
      return value.AsInt64() != nullptr ? "int" : "float";
    case json::Kind::kString:
      return "str";
    case json::Kind::kArray:
      return "list";
    case json::Kind::kObject:
      return "dict";
    default:
      return "NoneType";
  }
}

Status InvalidTree(const json::Value& value, std::string_view path) {
  return InvalidValue(json::DumpSorted(value), path, PythonType(value));
}

Status ExplainObject(const json::Value& object, std::span<const Field> fields,
                     const std::string& prefix);

/// Why `value` does not fit `field`; OK when it does.
Status ExplainValue(const json::Value& value, const Field& field, const std::string& path) {
  if (field.type == Type::kMessage && value.AsObject() != nullptr) {
    return ExplainObject(value, field.element, path + ".");
  }
  if (field.type == Type::kMessages && value.AsArray() != nullptr) {
    for (size_t i = 0; i < value.AsArray()->size(); ++i) {
      const json::Value& element = (*value.AsArray())[i];
      std::string element_path = fmt::format("{}[{}]", path, i);
      if (element.AsObject() == nullptr) {
        return InvalidTree(element, element_path);
      }
      TRY(ExplainObject(element, field.element, element_path + "."));
    }
    return OkStatus();
  }
  if (field.type == Type::kInt64 && value.AsDouble() != nullptr &&
      !(std::abs(*value.AsDouble()) < 9223372036854775808.0)) {  // 2^63; the tree has rounded it
    return InvalidTree(value, path);
  }
  // The same reader decides, on the value alone, in a scratch message that only has this field's
  // slot.
  std::string text = "[" + json::Dump(value) + "]";
  auto document = json::Document::Parse(std::move(text));
  if (!document) {  // a bare NaN or Infinity, which Python's reader takes and protobuf's does not
    return InvalidTree(value, path);
  }
  std::optional<std::string> string_slot;
  std::optional<int64_t> int_slot;
  std::optional<int32_t> int32_slot;
  std::optional<double> double_slot;
  std::optional<bool> bool_slot;
  std::optional<int> enum_slot;
  std::vector<std::string> list_slot;
  void* slots[] = {&string_slot, &int_slot,  &int32_slot, &double_slot,
                   &bool_slot,   &enum_slot, &list_slot};
  if (field.type == Type::kMessages || field.type == Type::kMessage) {
    return InvalidTree(value, path);
  }
  Field scratch = field;
  scratch.slot = [](void* message) { return message; };
  Status read = document->root().ForEachElement([&](size_t, json::Cursor element) {
    return ReadValue(element, scratch, slots[static_cast<size_t>(field.type)]);
  });
  return read.ok() ? OkStatus() : InvalidTree(value, path);
}

Status ExplainNames(const json::Value& object, std::span<const Field> fields) {
  for (const json::Member& member : *object.AsObject()) {
    std::string snake = SnakeCase(member.first);
    if (snake != member.first && FindField(fields, snake) != nullptr &&
        object.Find(snake) != nullptr) {
      return Err(Code::kInvalidArgument,
                 fmt::format("Request specifies both '{}' and '{}'; provide only one of them.",
                             snake, member.first));
    }
  }
  return OkStatus();
}

Status ExplainObject(const json::Value& object, std::span<const Field> fields,
                     const std::string& prefix) {
  TRY(ExplainNames(object, fields));
  for (const Field& field : fields) {
    const json::Value* value = object.Find(field.name);
    if ((value == nullptr || value->IsNull()) && !field.stand_in.empty()) {
      value = object.Find(field.stand_in);
    }
    bool empty = value == nullptr || value->IsNull() ||
                 (value->AsString() != nullptr && value->AsString()->empty());
    if (field.required && empty) {
      return MissingValue(prefix + std::string(field.name));
    }
    if (value == nullptr) {
      continue;
    }
    if (!value->IsNull()) {
      TRY(ExplainValue(*value, field, prefix + std::string(field.name)));
    }
  }
  return OkStatus();
}

Status ReadBody(std::string body, std::span<const Field> fields, void* message) {
  body.reserve(body.size() + http::kJsonPadding);
  ASSIGN_OR_RETURN(json::Document document, json::Document::Parse(std::move(body)));
  if (document.root().kind() != json::Kind::kObject) {
    return Err(Code::kInvalidArgument, "the body is no JSON object");
  }
  TRY(ReadObject(document.root(), fields, message));
  return document.Finish();
}

void UnsetAll(std::span<const Field> fields, void* message) {
  for (const Field& field : fields) {
    Unset(field, message);
  }
}

/// `depth` counts how often the body was unwrapped from a JSON string.
Status Decode(std::string body, std::span<const Field> fields, void* message, int depth) {
  if (ReadBody(body, fields, message).ok()) {
    return OkStatus();
  }
  UnsetAll(fields, message);
  auto tree = json::Parse(body, {}, /*nan_literals=*/true);
  if (!tree) {  // MLflow reads a text that is no JSON as {}
    if (depth > 0) {
      return Err(Code::kInvalidArgument,
                 "the body is a JSON string that holds no JSON, expected an object");
    }
    TRY(ExplainObject(json::Object{}, fields, ""));
    // Where an empty message is fine, half of one must not pass for it.
    return fields.empty() || Trim(body).empty()
               ? OkStatus()
               : Err(Code::kInvalidArgument,
                     fmt::format("the body is no JSON: {}", tree.error().message()));
  }
  if (const std::string* inner = tree->AsString(); inner != nullptr && depth == 0) {
    return Decode(*inner, fields, message, depth + 1);
  }
  if (tree->IsNull()) {
    *tree = json::Value(json::Object{});
  }
  if (tree->AsObject() == nullptr) {
    return Err(Code::kInvalidArgument, fmt::format("the body is a JSON {}, expected an object",
                                                   json::KindName(tree->kind())));
  }
  TRY(ExplainObject(*tree, fields, ""));
  // A name was given twice: the tree has kept its last value, as Python's reader does.
  return ReadBody(json::Dump(*tree), fields, message);
}

Status ReadQueryValue(const Field& field, const std::string& text, void* message) {
  switch (field.type) {
    case Type::kString:
      Slot<std::string>(field, message) = text;
      return OkStatus();
    case Type::kInt64:
    case Type::kInt32: {
      auto number = ParseInt64(text);
      bool fits = number &&
                  (field.type == Type::kInt64 || (*number >= std::numeric_limits<int32_t>::min() &&
                                                  *number <= std::numeric_limits<int32_t>::max()));
      if (!fits) {
        return InvalidTree(json::Value(text), field.name);
      }
      if (field.type == Type::kInt64) {
        Slot<int64_t>(field, message) = *number;
      } else {
        Slot<int32_t>(field, message) = static_cast<int32_t>(*number);
      }
      return OkStatus();
    }
    case Type::kBool:
      if (!EqualsIgnoreCase(text, "true") && !EqualsIgnoreCase(text, "false")) {
        return Err(Code::kInvalidArgument,
                   fmt::format("Invalid boolean value: {}, must be 'true' or 'false'.", text));
      }
      Slot<bool>(field, message) = EqualsIgnoreCase(text, "true");
      return OkStatus();
    case Type::kEnum:
      if (!SetEnum(field, text, message).ok()) {
        return InvalidTree(json::Value(text), field.name);
      }
      return OkStatus();
    case Type::kDouble:
    case Type::kStrings:
    case Type::kMessage:
    case Type::kMessages:
      return OkStatus();
  }
  return OkStatus();
}

}  // namespace

Status InvalidValue(std::string_view json, std::string_view parameter, std::string_view type) {
  return Err(
      Code::kInvalidArgument,
      fmt::format("Invalid value {} for parameter '{}' supplied:  Hint: Value was of type '{}'.{}",
                  json, parameter, type, kSeeDocs));
}

Status MissingValue(std::string_view parameter) {
  return Err(Code::kInvalidArgument,
             fmt::format("Missing value for required parameter '{}'.{}", parameter, kSeeDocs));
}

Status DecodeJson(std::string body, std::span<const Field> fields, void* message) {
  if (body.empty()) {
    body = "{}";
  }
  return Decode(std::move(body), fields, message, 0);
}

Status DecodeQuery(const http::Request& request, std::span<const Field> fields, void* message) {
  for (const Field& field : fields) {
    std::vector<std::string> values = request.QueryAll(field.name);
    if (values.empty() && !field.stand_in.empty()) {
      values = request.QueryAll(field.stand_in);
    }
    if (field.type == Type::kStrings) {
      ListSlot(field, message) = values;
    } else if (!values.empty()) {
      TRY(ReadQueryValue(field, values.front(), message));
    }
    if (field.required && (values.empty() || values.front().empty())) {
      return MissingValue(field.name);
    }
  }
  return OkStatus();
}

}  // namespace stetig::api::mlflow
