// Reads a request message from JSON or a query string, as protobuf's JSON form and MLflow's own
// checks have it.
//
// A message is a struct with optional members and a constexpr table of its fields, in the order of
// MLflow's schema:
//
//   struct SetTag {
//     std::optional<std::string> run_id, key, value;
//     static constexpr Field kFields[] = {Req<&SetTag::run_id>("run_id"), Req<&SetTag::key>("key"),
//     Opt<&SetTag::value>("value")};
//   };
//   ASSIGN_OR_RETURN(SetTag request, DecodeJson<SetTag>(std::move(body)));
//
// A well-formed body is read in one pass. Only a body that does not fit is looked at a second time,
// as a tree, to find the text that MLflow would answer. Rules: docs/mlflow-compatibility.md,
// "Requests".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "http/message.h"

namespace stetig::api::mlflow {

enum class Type : unsigned char {
  kString,
  kInt64,
  kInt32,
  kDouble,
  kBool,
  kEnum,
  kStrings,
  kMessage,
  kMessages
};

struct EnumName {
  std::string_view name;
  int number = 0;
};

/// An enum member: its number, or nothing. `Names` is a struct with `static constexpr EnumName
/// kNames[]` and `static constexpr bool kStrict` (an unknown name is an error instead of unset).
template <class Names>
struct EnumField {
  std::optional<int> number;
};

struct Field {
  std::string_view name;
  Type type = Type::kString;
  bool required = false;           ///< present, not null, not ""
  std::string_view stand_in = {};  ///< old name of a required field whose presence is enough
  void* (*slot)(void* message) = nullptr;  ///< the member's address
  std::span<const Field> element = {};     ///< kMessage, kMessages: fields of the inner message
  void* (*append)(void* slot) = nullptr;   ///< kMessage, kMessages: makes one
  void (*clear)(void* slot) = nullptr;     ///< kMessage, kMessages
  std::span<const EnumName> names = {};    ///< kEnum
  bool strict_names = false;               ///< kEnum
};

namespace internal {
template <class T>
struct MemberOf;
template <class C, class M>
struct MemberOf<M C::*> {
  using Class = C;
  using Member = M;
};
template <class T>
struct TypeOf;
template <>
struct TypeOf<std::optional<std::string>> {
  static constexpr Type kType = Type::kString;
};
template <>
struct TypeOf<std::optional<int64_t>> {
  static constexpr Type kType = Type::kInt64;
};
template <>
struct TypeOf<std::optional<int32_t>> {
  static constexpr Type kType = Type::kInt32;
};
template <>
struct TypeOf<std::optional<double>> {
  static constexpr Type kType = Type::kDouble;
};
template <>
struct TypeOf<std::optional<bool>> {
  static constexpr Type kType = Type::kBool;
};
template <>
struct TypeOf<std::vector<std::string>> {
  static constexpr Type kType = Type::kStrings;
};
template <class Names>
struct TypeOf<EnumField<Names>> {
  static constexpr Type kType = Type::kEnum;
  using Enum = Names;
};
template <class M>
struct TypeOf<std::optional<M>> {
  static constexpr Type kType = Type::kMessage;
  using Element = M;
};
template <class E>
struct TypeOf<std::vector<E>> {
  static constexpr Type kType = Type::kMessages;
  using Element = E;
};

template <auto Member>
consteval Field MakeField(std::string_view name, bool required, std::string_view stand_in) {
  using Class = typename MemberOf<decltype(Member)>::Class;
  using Value = typename MemberOf<decltype(Member)>::Member;
  Field field{
      .name = name, .type = TypeOf<Value>::kType, .required = required, .stand_in = stand_in};
  field.slot = [](void* message) -> void* { return &(static_cast<Class*>(message)->*Member); };
  if constexpr (TypeOf<Value>::kType == Type::kMessages) {
    field.element = TypeOf<Value>::Element::kFields;
    field.append = [](void* list) -> void* { return &static_cast<Value*>(list)->emplace_back(); };
    field.clear = [](void* list) { static_cast<Value*>(list)->clear(); };
  }
  if constexpr (TypeOf<Value>::kType == Type::kMessage) {
    field.element = TypeOf<Value>::Element::kFields;
    field.append = [](void* one) -> void* { return &static_cast<Value*>(one)->emplace(); };
    field.clear = [](void* one) { static_cast<Value*>(one)->reset(); };
  }
  if constexpr (TypeOf<Value>::kType == Type::kEnum) {
    field.names = TypeOf<Value>::Enum::kNames;
    field.strict_names = TypeOf<Value>::Enum::kStrict;
  }
  return field;
}
}  // namespace internal

/// A field that must be there.
template <auto Member>
consteval Field Req(std::string_view name, std::string_view stand_in = {}) {
  return internal::MakeField<Member>(name, true, stand_in);
}
/// A field that may be left out.
template <auto Member>
consteval Field Opt(std::string_view name) {
  return internal::MakeField<Member>(name, false, {});
}

/// Fills `message` from a JSON body. An empty body, or one that is no JSON at all, counts as {}. A
/// body that is a JSON string holding JSON is decoded twice. kInvalidArgument with MLflow's text.
Status DecodeJson(std::string body, std::span<const Field> fields, void* message);
/// Fills `message` from query parameters (GET).
Status DecodeQuery(const http::Request& request, std::span<const Field> fields, void* message);

template <class Message>
Result<Message> DecodeJson(std::string body) {
  Message message;
  TRY(DecodeJson(std::move(body), Message::kFields, &message));
  return message;
}
template <class Message>
Result<Message> DecodeQuery(const http::Request& request) {
  Message message;
  TRY(DecodeQuery(request, Message::kFields, &message));
  return message;
}

/// MLflow's text for a value out of range or of a wrong type; `json` as Python would dump it,
/// `type` as Python names it.
Status InvalidValue(std::string_view json, std::string_view parameter, std::string_view type);
/// MLflow's text for a missing value.
Status MissingValue(std::string_view parameter);

}  // namespace stetig::api::mlflow
