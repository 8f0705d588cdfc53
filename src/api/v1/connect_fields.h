// What the groups of connect's operations share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/v1/groups.h"
#include "connect/types.h"

namespace stetig::api::v1 {

/// A page of items as the answer of a list; `to_json` makes each.
template <class Item, class ToJson>
Reply PageOf(const connect::Page<Item>& page, ToJson to_json) {
  json::Array items;
  for (const Item& item : page.items) items.push_back(to_json(item));
  return {.body = ListBody(std::move(items), page.next_page_token), .etag = {}, .location = {}};
}

/// An integer of the body; nothing: it is not there.
inline std::optional<int64_t> IntegerOf(const Call& call, std::string_view name) {
  for (const auto& [key, value] : call.body) {
    if (key == name && value.AsInt64() != nullptr) return *value.AsInt64();
  }
  return std::nullopt;
}

inline Property Text(std::string name, std::string doc, bool required = false) {
  return {.name = std::move(name), .doc = std::move(doc), .required = required};
}
inline Property Time(std::string name, std::string doc, bool required = false) {
  return {
      .name = std::move(name), .doc = std::move(doc), .required = required, .format = "date-time"};
}
inline Property Count(std::string name, std::string doc, bool required = false,
                      bool nullable = false) {
  return {.name = std::move(name),
          .type = Type::kInteger,
          .doc = std::move(doc),
          .required = required,
          .nullable = nullable,
          .format = "int64"};
}
}  // namespace stetig::api::v1
